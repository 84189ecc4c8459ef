// Reading a repository into the store: one engine job per segment that is not there yet,
// in order of use.

import type { NativeEngine, StoreStats } from '../engine/addon.js';
import { runJob } from '../engine/jobs.js';
import { budgetFor, roomIn } from './budget.js';
import { rememberSegment } from './plan.js';
import type { PreviousSegment, RepositoryIndex, SegmentPlan } from './types.js';

/** Progress is told at most this often while one segment follows the other. */
const PROGRESS_INTERVAL_MS = 100;

/** Said where a run ends `outOfBudget`. */
export const budgetUsedUp = 'The budget of the store is used up.';

/** What reading the rest would cost, known before it starts. */
export interface IndexEstimate {
  files: number;
  segments: number;
  /** Tokens of segments that the store does not have. */
  tokensToCompute: number;
  tokensStored: number;
  /** Of the segments to be written, from the mean of the stored ones or from the model's KV size. */
  bytes: number;
  /** Undefined when no speed is known yet. */
  seconds: number | undefined;
}

export interface IndexProgress {
  filesDone: number;
  filesTotal: number;
  /** The file that is being read. */
  path: string;
  tokensDone: number;
  tokensTotal: number;
  tokensComputed: number;
  tokensReused: number;
  tokensPerSecond: number;
  secondsLeft: number | undefined;
  /** Sentences for the user so far, such as that the disk is full. */
  warnings: readonly string[];
}

export interface IndexResult {
  filesDone: number;
  segmentsRead: number;
  tokensComputed: number;
  tokensReused: number;
  bytesWritten: number;
  /** Segments that hold chunks read under an older text; an `exact` run reads them again. */
  staleSegments: number;
  seconds: number;
  tokensPerSecond: number;
  /** True when the signal ended it early; what was read is kept. */
  cancelled: boolean;
  /** True when it ended early because the store's budget has no room for the whole repository. */
  outOfBudget: boolean;
  warnings: string[];
}

/** The part of the engine that reading needs. */
export type SegmentReader = Pick<
  NativeEngine,
  'hasSegments' | 'segmentStates' | 'readSegment' | 'removeSegments' | 'storeStats'
>;

export interface IndexJobOptions {
  index: RepositoryIndex;
  engine: SegmentReader;
  /** Reads again, exactly, what holds stale chunks, and nothing on top of older texts: for idle time. */
  exact?: boolean;
  /** Files that are to be read; default: all. */
  isWanted?: (path: string) => boolean;
  /** A question waits for it: before what is read ahead, whatever the budget, which others give way for. */
  forQuestion?: boolean;
  onProgress?: (progress: IndexProgress) => void;
  signal?: AbortSignal;
}

/** What `indexRepository` would have to do. */
export function estimateIndex(
  index: RepositoryIndex,
  engine: Pick<SegmentReader, 'hasSegments'>,
  rates: { kvBytesPerToken: number; tokensPerSecond?: number },
  isWanted: (path: string) => boolean = () => true,
): IndexEstimate {
  const segments = index.segments().filter(({ path }) => isWanted(path));
  const stored = engine.hasSegments(segments.map((segment) => segment.key));
  const missing = segments.filter((_, i) => stored[i] !== 1);
  const tokensToCompute = missing.reduce((sum, segment) => sum + segment.tokens.length, 0);
  const all = segments.reduce((sum, segment) => sum + segment.tokens.length, 0);
  return {
    files: new Set(missing.map((segment) => segment.path)).size,
    segments: missing.length,
    tokensToCompute,
    tokensStored: all - tokensToCompute,
    bytes: tokensToCompute * rates.kvBytesPerToken,
    seconds: rates.tokensPerSecond ? tokensToCompute / rates.tokensPerSecond : undefined,
  };
}

/**
 * Reads every segment that the store does not have, in order of use. An edited file is read
 * on top of its older text, so that only its changed chunks are computed now. What a refresh
 * replaces during the run is passed over, for the next run. Ends where the budget of the store
 * has no room for more of this repository, beside what others have pinned: what ranks lower must
 * not push out what ranks higher. Rejects only when the engine fails; what was read before is kept then, too.
 */
export async function indexRepository(options: IndexJobOptions): Promise<IndexResult> {
  const { index, engine, exact } = options;
  const stale = exact === true ? await staleSegments(index, engine) : new Set<string>();
  const stats = await engine.storeStats();
  const keys = index.segments().map(({ key }) => key);
  const room = roomIn(await budgetFor(engine, stats, keys));
  const run = new IndexRun(options, { ...stats, roomBytes: room }, stale);
  for (const segment of run.todo) {
    if (options.signal?.aborted || run.isOutOfBudget(segment)) {
      break;
    }
    if (run.isCurrent(segment) && options.isWanted?.(segment.path) !== false) {
      await run.read(segment);
    } else {
      run.finishSegment(segment);
    }
  }
  return run.finish();
}

/** Keys of stored segments that hold chunks of an older text. Reads the front of each once. */
async function staleSegments(
  index: RepositoryIndex,
  engine: Pick<SegmentReader, 'segmentStates'>,
): Promise<Set<string>> {
  const keys = index.segments().map(({ key }) => key);
  const states = await engine.segmentStates(keys);
  return new Set(keys.filter((_, i) => (states[i]?.staleChunks ?? 0) > 0));
}

class IndexRun {
  readonly todo: SegmentPlan[];
  private readonly result: IndexResult = {
    filesDone: 0,
    segmentsRead: 0,
    tokensComputed: 0,
    tokensReused: 0,
    bytesWritten: 0,
    staleSegments: 0,
    seconds: 0,
    tokensPerSecond: 0,
    cancelled: false,
    outOfBudget: false,
    warnings: [],
  };
  private readonly startMs = performance.now();
  private readonly tokensTotal: number;
  private tokensDone = 0;
  /** Of this repository. */
  private tokensInStore: number;
  private readonly stored: ReadonlySet<string>;
  private readonly roomBytes: number;
  /** Of what is stored; 0 while nothing is. */
  private bytesPerToken: number;
  private tokensWritten = 0;
  private lastProgressMs = -Infinity;
  /** Segments of each file that are still to be read. */
  private readonly openSegments = new Map<string, number>();

  constructor(
    private readonly options: IndexJobOptions,
    /** `roomBytes`: what the budget leaves for this repository. */
    stats: Pick<StoreStats, 'bytes' | 'tokens'> & { roomBytes: number },
    /** Keys of stored segments that an exact run reads again. */
    stale: ReadonlySet<string>,
  ) {
    const { index, engine } = options;
    const segments = index.segments();
    const stored = engine.hasSegments(segments.map(({ key }) => key));
    this.stored = new Set(segments.filter((_, i) => stored[i] === 1).map(({ key }) => key));
    this.roomBytes = stats.roomBytes;
    this.bytesPerToken = stats.bytes / Math.max(1, stats.tokens);
    this.todo = segments.filter(
      (segment) =>
        (!this.stored.has(segment.key) || stale.has(segment.key)) &&
        options.isWanted?.(segment.path) !== false,
    );
    for (const { path } of this.todo) {
      this.openSegments.set(path, (this.openSegments.get(path) ?? 0) + 1);
    }
    const all = segments.reduce((sum, { tokens }) => sum + tokens.length, 0);
    this.tokensTotal = this.todo.reduce((sum, { tokens }) => sum + tokens.length, 0);
    this.result.tokensReused = all - this.tokensTotal;
    this.tokensInStore = segments.reduce(
      (sum, { key, tokens }) => sum + (this.stored.has(key) ? tokens.length : 0),
      0,
    );
    this.result.filesDone = index.files.length - this.openSegments.size;
  }

  /** False once a refresh during the run has replaced the segment: its text is gone. */
  isCurrent({ path, part, key }: SegmentPlan): boolean {
    return this.options.index.segment(path, part)?.key === key;
  }

  /** Other repositories give way, but for what is pinned of them; this one does not for itself. */
  isOutOfBudget(segment: SegmentPlan): boolean {
    const bytes = (this.tokensInStore + this.tokensAdded(segment)) * this.bytesPerToken;
    this.result.outOfBudget = this.options.forQuestion !== true && bytes > this.roomBytes;
    return this.result.outOfBudget;
  }

  async read(segment: SegmentPlan): Promise<void> {
    const { engine, exact, signal, forQuestion } = this.options;
    this.progress(segment.path, false);
    const base = exact ? undefined : this.baseOf(segment);
    const job = engine.readSegment(
      {
        key: segment.key,
        tokens: segment.tokens,
        chunkEnds: Uint32Array.from(segment.chunks, ({ tokenEnd }) => tokenEnd),
        ...(base === undefined ? {} : { base }),
      },
      forQuestion === true ? 'chat' : 'index',
    );
    try {
      const read = await runJob(job, signal);
      if (this.options.isWanted?.(segment.path) === false) {
        await engine.removeSegments([segment.key]); // it was dropped meanwhile
        this.finishSegment(segment);
        return;
      }
      this.tokensInStore += this.tokensAdded(segment);
      this.tokensWritten += read.bytesWritten > 0 ? segment.tokens.length : 0;
      this.result.segmentsRead++;
      this.result.tokensComputed += read.tokensComputed;
      this.result.tokensReused += read.tokensReused;
      this.result.bytesWritten += read.bytesWritten;
      if (this.tokensWritten > 0) {
        this.bytesPerToken = this.result.bytesWritten / this.tokensWritten;
      }
      this.result.staleSegments += read.staleChunks > 0 ? 1 : 0;
      if (read.warning !== undefined && !this.result.warnings.includes(read.warning)) {
        this.result.warnings.push(read.warning);
      }
      this.finishSegment(segment);
    } catch (error) {
      if (!signal?.aborted) {
        throw error;
      }
    }
  }

  /** What is read again takes the place of what is stored. */
  private tokensAdded({ key, tokens }: SegmentPlan): number {
    return this.stored.has(key) ? 0 : tokens.length;
  }

  finish(): IndexResult {
    const { result } = this;
    result.seconds = (performance.now() - this.startMs) / 1000;
    result.tokensPerSecond = this.speed();
    result.cancelled = this.options.signal?.aborted === true && this.openSegments.size > 0;
    this.progress('', true);
    return result;
  }

  /** The stored older segment that shares most chunks with this one. */
  private baseOf(segment: SegmentPlan): string | undefined {
    const previous = this.options.index.previousSegments(segment.path);
    if (previous.length === 0) {
      return undefined;
    }
    const stored = this.options.engine.hasSegments(previous.map(({ key }) => key));
    const own = new Set(rememberSegment(segment).chunkHashes);
    const shared = ({ chunkHashes }: PreviousSegment): number =>
      chunkHashes.filter((hash) => own.has(hash)).length;
    let best: { key: string; shared: number } | undefined;
    previous.forEach((candidate, i) => {
      const count = stored[i] === 1 && candidate.key !== segment.key ? shared(candidate) : 0;
      if (count > (best?.shared ?? 0)) {
        best = { key: candidate.key, shared: count };
      }
    });
    return best?.key;
  }

  finishSegment(segment: SegmentPlan): void {
    this.tokensDone += segment.tokens.length;
    const open = (this.openSegments.get(segment.path) ?? 1) - 1;
    if (open === 0) {
      this.openSegments.delete(segment.path);
      this.result.filesDone++;
    } else {
      this.openSegments.set(segment.path, open);
    }
  }

  /** Of tokens that went through the model. */
  private speed(): number {
    const seconds = (performance.now() - this.startMs) / 1000;
    return seconds > 0 ? this.result.tokensComputed / seconds : 0;
  }

  private progress(path: string, last: boolean): void {
    const now = performance.now();
    if (!this.options.onProgress || (!last && now - this.lastProgressMs < PROGRESS_INTERVAL_MS)) {
      return;
    }
    this.lastProgressMs = now;
    const seconds = (now - this.startMs) / 1000;
    const left = this.tokensTotal - this.tokensDone;
    this.options.onProgress({
      filesDone: this.result.filesDone,
      filesTotal: this.options.index.files.length,
      path,
      tokensDone: this.tokensDone,
      tokensTotal: this.tokensTotal,
      tokensComputed: this.result.tokensComputed,
      tokensReused: this.result.tokensReused,
      tokensPerSecond: this.speed(),
      secondsLeft: this.tokensDone > 0 ? (left * seconds) / this.tokensDone : undefined,
      warnings: this.result.warnings,
    });
  }
}
