// Mode full: the whole repository as evidence, or as much of it as the window takes. Where it stays
// on disk, what the store lacks of it is read first.

import type { Precision } from '../engine/addon.js';
import type { LeoEngine } from '../engine/engine.js';
import { leoError } from '../engine/errors.js';
import { budgetFor, roomIn, type Budget } from '../index/budget.js';
import { indexRepository, type IndexProgress } from '../index/jobs.js';
import type { SegmentPlan } from '../index/types.js';
import { fullParts, storedParts, type EvidenceParts } from '../prompt/parts.js';
import type { Evidence } from '../retrieval/source.js';
import { filesThatFit } from '../retrieval/wholeFiles.js';
import type { AskContext, WholeRepository } from './turn.js';

/**
 * Has what the store lacks of these files read; resolves to what went wrong, one sentence each, such as
 * that the disk is full. Rejects where it fails or is given up.
 */
export type ReadMissing = (isWanted: (path: string) => boolean) => Promise<readonly string[]>;

export interface WholeOptions {
  question: string;
  /** Files and folders that are named beside it. */
  mentioned: readonly string[];
  /** Tokens that the window has left. */
  room: number;
  /** Absent: what is not read yet is refused. */
  readMissing: ReadMissing | undefined;
}

export interface WholeEvidence {
  sources: Evidence[];
  made: EvidenceParts;
  whole: WholeRepository;
}

/** What is gone again after that is not kept by the store: the first time other files may have gone last. */
const maxReads = 2;
/** Bytes of stored values over those of F16, without what stands beside them. */
const leastShareOfF16: Record<Precision, number> = { f16: 1, q8: 0.5, q4: 0.25 };

/**
 * All files; where the window has no room for them, those of them that the question is about. Throws
 * "not-read" where the store must hold them and nobody reads, "store-too-small" where it cannot.
 */
export async function wholeRepository(
  context: AskContext,
  options: WholeOptions,
): Promise<WholeEvidence> {
  const reads = new Map<string, number>();
  let warning: string | undefined;
  for (;;) {
    const segments = await chosenSegments(context, options); // anew: files change while they are read
    const missing = context.tiers === undefined ? [] : missingOf(context.engine, segments);
    if (missing.length === 0) {
      return evidenceOf(context, options, segments);
    }
    if (options.readMissing === undefined) {
      throw leoError(
        'not-read',
        `${missing.length} of ${segments.length} pieces of the repository are not read yet, and mode "full" takes all of it from disk: wait until they are, or run "leoam index".`,
      );
    }
    const most = warning === undefined ? maxReads : 1;
    if (missing.some(({ key }) => (reads.get(key) ?? 0) >= most)) {
      throw tooSmall(context.engine, segments, await budgetOf(context.engine, segments), warning);
    }
    await checkBudget(context.engine, segments);
    missing.forEach(({ key }) => reads.set(key, (reads.get(key) ?? 0) + 1));
    const paths = new Set(segments.map(({ path }) => path));
    [warning] = await options.readMissing((path) => paths.has(path));
  }
}

export interface ReadingListener {
  signal?: AbortSignal;
  onProgress(progress: IndexProgress): void;
  /** One sentence, such as that the disk is full. */
  onWarning(warning: string): void;
  /** The tokens that went through the model. */
  onRead(tokens: number): void;
}

/** Reads for a question that waits, before all that is read ahead. */
export function missingReader(
  { repository, engine }: Pick<AskContext, 'repository' | 'engine'>,
  { signal, onProgress, onWarning, onRead }: ReadingListener,
): ReadMissing {
  return async (isWanted) => {
    const { tokensComputed, warnings } = await indexRepository({
      ...{ index: repository, engine: engine.native, isWanted, onProgress },
      forQuestion: true,
      ...(signal === undefined ? {} : { signal }),
    });
    onRead(tokensComputed);
    warnings.forEach(onWarning);
    signal?.throwIfAborted();
    return warnings;
  };
}

async function chosenSegments(
  { repository }: AskContext,
  { question, mentioned, room }: WholeOptions,
): Promise<readonly SegmentPlan[]> {
  const all = repository.segments();
  return repository.totalTokens <= room
    ? all
    : filesThatFit(repository, { question, mentioned }, all, room);
}

function evidenceOf(
  { repository, tiers }: AskContext,
  { mentioned, room }: WholeOptions,
  segments: readonly SegmentPlan[],
): WholeEvidence {
  const fits = repository.totalTokens <= room;
  const sources = segments.map(
    (segment, index): Evidence => ({
      path: segment.path,
      startLine: segment.chunks[1]?.startLine ?? 1,
      endLine: segment.chunks.at(-1)?.endLine ?? 1,
      ranges: [{ part: segment.part, first: 1, last: segment.chunks.length }],
      tokens: segment.tokens.length,
      rank: fits ? index : segments.length - 1 - index,
      reason: { kind: 'lexical' },
    }),
  );
  const made = tiers === undefined ? fullParts(segments) : storedParts(segments);
  const whole: WholeRepository = { sources, tokens: made.tokens, mentioned };
  if (!fits) {
    const files = new Set(segments.map(({ path }) => path)).size;
    whole.warning = `The model's window has room for ${room} of the repository's ${repository.totalTokens} tokens: the answer rests on ${files} of ${repository.files.length} files, those that are named beside the question or speak of it first.`;
  }
  return { sources, made, whole };
}

function missingOf(engine: LeoEngine, segments: readonly SegmentPlan[]): SegmentPlan[] {
  const stored = engine.hasSegments(segments.map(({ key }) => key));
  return segments.filter((_, index) => stored[index] !== true);
}

async function budgetOf(engine: LeoEngine, segments: readonly SegmentPlan[]): Promise<Budget> {
  const keys = segments.map(({ key }) => key);
  return budgetFor(engine.native, await engine.storeStats(), keys);
}

/** Nothing is read that is known to find no room. */
async function checkBudget(engine: LeoEngine, segments: readonly SegmentPlan[]): Promise<void> {
  const budget = await budgetOf(engine, segments);
  if (leastBytes(engine, segments) > roomIn(budget)) {
    throw tooSmall(engine, segments, budget);
  }
}

function leastBytes({ info, precision }: LeoEngine, segments: readonly SegmentPlan[]): number {
  const tokens = segments.reduce((sum, segment) => sum + segment.tokens.length, 0);
  return tokens * info.kvBytesPerToken * leastShareOfF16[precision];
}

function tooSmall(
  engine: LeoEngine,
  segments: readonly SegmentPlan[],
  budget: Budget,
  warning?: string,
): Error {
  const files = new Set(segments.map(({ path }) => path)).size;
  const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  const pinned =
    budget.pinnedBytes > 0 ? ` and of which ${mib(budget.pinnedBytes)} are pinned for others` : '';
  return leoError(
    'store-too-small',
    budget.bytes > 0
      ? `The store, whose budget is ${mib(budget.bytes)}${pinned}, has no room for the ${files} files that the answer rests on, more than ${mib(leastBytes(engine, segments))}: raise the budget, unpin what is not needed, or let answers rest on passages.`
      : `The store does not keep the ${files} files that the answer rests on: ${warning ?? 'another program may be removing them; stop it.'} Or let answers rest on passages.`,
  );
}
