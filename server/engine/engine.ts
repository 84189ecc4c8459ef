// Typed wrapper of the addon: opens a model with its store, ties jobs to AbortSignals and
// gives each kind of request its priority. It knows nothing of prompts or files; those who
// want an engine that is ready for questions call `openAssistant` (assistant.ts).

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ChunkCandidate,
  GenerateRequest,
  GenerateResult,
  Job,
  KvFormat,
  ModelInfo,
  NativeEngine,
  NativeSession,
  Precision,
  Priority,
  RetrievalHead,
  ScoreRequest,
  ScoreResult,
  SegmentRequest,
  SegmentResult,
  StoreStats,
  SystemInfo,
} from './addon.js';
import type { TierCounters, TierOptions } from './tierOptions.js';
import { leoError } from './errors.js';
import { loadAddon } from './load.js';

/** The model file an engine runs. */
export interface EngineModel {
  /** Catalogue id, or the file's name for a model given by path. */
  id: string;
  path: string;
  /** sha256 of the file; part of every segment's key. */
  hash: string;
}

export interface EngineOpenOptions {
  home: string;
  model: EngineModel;
  /** Physical cores when absent. */
  threads?: number;
  /** How KV is stored. */
  precision: Precision;
  /** How conversations hold KV in memory; absent: f16. */
  kv?: KvFormat;
  /** Bytes that the store may take on disk; 0 or absent: no limit. */
  storeBudgetBytes?: number;
  signal?: AbortSignal;
  /** 0..1 while the weights load. */
  onProgress?: (fraction: number) => void;
}

/** What a request is for; decides its priority. */
export type RequestClass = 'completion' | 'chat' | 'prepare' | 'index';

const priorities: Record<RequestClass, Priority> = {
  completion: 'completion',
  chat: 'chat',
  prepare: 'prepare',
  index: 'index',
};

/** Of 32 values in 34 bytes. */
const q8ShareOfF16 = 34 / 64;

/** A model in memory with its segment store. One engine thread; every call is safe from the event loop. */
export class LeoEngine {
  readonly info: ModelInfo;
  private readonly sessions = new Set<LeoSession>();

  private constructor(
    readonly native: NativeEngine,
    readonly system: SystemInfo,
    readonly model: EngineModel,
    readonly precision: Precision,
    private readonly kv: KvFormat,
  ) {
    this.info = native.info();
  }

  /** Loads the model and opens the store under `home`. Rejects with an EngineError; nothing is left open then. */
  static async open(options: EngineOpenOptions): Promise<LeoEngine> {
    const { addon, moduleDir } = loadAddon();
    const native = await runJob(
      addon.loadEngine({
        modelPath: options.model.path,
        moduleDir,
        ...(options.threads === undefined ? {} : { threads: options.threads }),
        ...(options.kv === undefined ? {} : { kv: options.kv }),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      }),
      options.signal,
    );
    try {
      const directory = join(options.home, 'store');
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await native.openStore({
        directory,
        budgetBytes: options.storeBudgetBytes ?? 0,
        precision: options.precision,
      });
      return new LeoEngine(
        native,
        addon.systemInfo(moduleDir),
        options.model,
        options.precision,
        options.kv ?? 'f16',
      );
    } catch (error) {
      await native.dispose();
      throw error;
    }
  }

  /** `special`: control tokens in the text are recognised. Off for everything that a person or a file wrote. */
  tokenize(texts: string[], special = false): Promise<Int32Array[]> {
    return this.native.tokenize(texts, special);
  }

  specialToken(text: string): number | undefined {
    return this.native.specialToken(text);
  }

  hasSegments(keys: string[]): boolean[] {
    return keys.length === 0 ? [] : Array.from(this.native.hasSegments(keys), (bit) => bit !== 0);
  }

  readSegment(
    request: SegmentRequest,
    requestClass: RequestClass,
    signal?: AbortSignal,
  ): Promise<SegmentResult> {
    return runJob(this.native.readSegment(request, priorities[requestClass]), signal);
  }

  scoreChunks(
    question: Int32Array,
    nullQuery: Int32Array,
    candidates: ChunkCandidate[],
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    return runJob(this.native.scoreChunks(question, nullQuery, candidates), signal);
  }

  scoreAllHeads(
    question: Int32Array,
    nullQuery: Int32Array,
    candidates: ChunkCandidate[],
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    return runJob(this.native.scoreAllHeads(question, nullQuery, candidates), signal);
  }

  setRetrievalHeads(heads: RetrievalHead[]): void {
    this.native.setRetrievalHeads(heads);
  }

  storeStats(): StoreStats {
    return this.native.storeStats();
  }

  /**
   * A context of at most `contextTokens`, the model's own window when absent. With `tiers` stored
   * evidence stays on disk; the tokens are then those of the rest.
   */
  newSession(contextTokens: number = this.info.context, tiers?: TierOptions): LeoSession {
    const tokens = Math.min(contextTokens, this.info.context);
    const session = new LeoSession(this.native.newSession(tokens, tiers), tiers, () =>
      this.sessions.delete(session),
    );
    this.sessions.add(session);
    return session;
  }

  /** KV that sessions hold in memory. */
  sessionUse(): SessionUse {
    const sessions = [...this.sessions];
    const tokens = sessions.reduce((sum, session) => sum + session.size(), 0);
    const tiered = latestOfEach(sessions.map(({ tierUse }) => tierUse));
    const sum = (of: (use: TierUse) => number): number =>
      tiered.reduce((total, use) => total + of(use), 0);
    const share = this.kv === 'q8' ? q8ShareOfF16 : 1;
    const evidence = {
      bytes: sum(({ counters }) => counters.ramBytes + counters.abstractBytes),
      budgetBytes: sum(({ options }) => options.ramBytes),
      blocksWanted: sum(({ counters }) => counters.blocksWanted),
      blocksHit: sum(({ counters }) => counters.blocksHit),
    };
    const device = {
      bytes: sum(({ counters }) => counters.deviceBytes),
      budgetBytes: sum(({ options }) => options.deviceBytes ?? 0),
      blocksHit: sum(({ counters }) => counters.blocksFromDevice),
      isLost: tiered.some(({ counters }) => counters.deviceLost),
    };
    return {
      tokens,
      bytes: Math.round(tokens * this.info.kvBytesPerToken * share) + evidence.bytes,
      ...(tiered.length === 0 ? {} : { evidence }),
      ...(device.budgetBytes === 0 ? {} : { device }),
    };
  }

  dispose(): Promise<void> {
    return this.native.dispose();
  }
}

/** What a session's tiers hold, as of its last answer. */
interface TierUse {
  options: TierOptions;
  counters: TierCounters;
}

/** Sessions may share a context, whose counters only grow. */
function latestOfEach(uses: readonly (TierUse | undefined)[]): TierUse[] {
  const latest = new Map<number, TierUse>();
  for (const use of uses) {
    const known = use === undefined ? undefined : latest.get(use.counters.context);
    if (use !== undefined && (known?.counters.blocksWanted ?? -1) < use.counters.blocksWanted) {
      latest.set(use.counters.context, use);
    }
  }
  return [...latest.values()];
}

export interface SessionUse {
  /** Without evidence in tiers. */
  tokens: number;
  /** With what tiers hold of it in RAM. */
  bytes: number;
  /** In RAM, of evidence that is on disk as well. */
  evidence?: {
    bytes: number;
    budgetBytes: number;
    blocksWanted: number;
    blocksHit: number;
  };
  /** Of it, in a GPU's memory. */
  device?: { bytes: number; budgetBytes: number; blocksHit: number; isLost: boolean };
}

/** A request without its priority, which follows from its class. */
export type SessionRequest<T extends { priority: Priority }> = Omit<T, 'priority'>;

/** One context: a prompt, its answer and what follows. Reuses whatever a new prompt shares with its content. */
export class LeoSession {
  private counters: TierCounters | undefined;

  constructor(
    private readonly native: NativeSession,
    private readonly tiers: TierOptions | undefined,
    private readonly onDispose: () => void,
  ) {}

  /** Undefined where all is held in memory. */
  get tierUse(): TierUse | undefined {
    return this.tiers === undefined || this.counters === undefined
      ? undefined
      : { options: this.tiers, counters: this.counters };
  }

  async generate(
    request: SessionRequest<GenerateRequest>,
    requestClass: RequestClass,
    signal?: AbortSignal,
  ): Promise<GenerateResult> {
    const result = await runJob(
      this.native.generate({ ...request, priority: priorities[requestClass] }),
      signal,
    );
    this.counters = result.tiers;
    return result;
  }

  score(
    request: SessionRequest<ScoreRequest>,
    requestClass: RequestClass,
    signal?: AbortSignal,
  ): Promise<ScoreResult> {
    return runJob(this.native.score({ ...request, priority: priorities[requestClass] }), signal);
  }

  size(): number {
    return this.native.size();
  }

  dispose(): void {
    this.onDispose();
    this.native.dispose();
  }
}

/** Waits for a job and cancels it when the signal fires; the promise then rejects with code "cancelled". */
export async function runJob<T>(job: Job<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) {
    return job.promise;
  }
  const cancel = (): void => job.cancel();
  if (signal.aborted) {
    cancel();
  }
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await job.promise;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The largest prompt that leaves room for an answer; throws when `tokens` is beyond it. */
export function checkFitsWindow(
  what: string,
  tokens: number,
  window: number,
  reserve: number,
): void {
  if (tokens + reserve > window) {
    throw leoError(
      'question-too-long',
      `${what} takes ${tokens} tokens; with ${reserve} for the answer that is more than the model's window of ${window}. Shorten it, or use a model with a longer window.`,
    );
  }
}
