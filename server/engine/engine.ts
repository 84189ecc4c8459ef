// Typed wrapper of the addon: opens a model with its store, makes sessions and gives each kind of
// request its priority. It knows nothing of prompts or files; those who want an engine that is ready
// for questions call `openAssistant` (assistant.ts).

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ChunkCandidate,
  GenerateRequest,
  GenerateResult,
  KvFormat,
  ModelInfo,
  NativeEngine,
  Precision,
  RetrievalHead,
  SegmentRequest,
  SegmentResult,
  StoreStats,
  SystemInfo,
} from './addon.js';
import { leoError } from './errors.js';
import { priorities, runJob, type RequestClass } from './jobs.js';
import { loadAddon } from './load.js';
import { LeoSession, useOf, type SessionRequest, type SessionUse } from './session.js';
import type { TierOptions } from './tierOptions.js';

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
  /** Bytes of memory for stored KV that is moved there or that the disk refuses; absent: 1 GiB. */
  storeRamBytes?: number;
  signal?: AbortSignal;
  /** 0..1 while the weights load. */
  onProgress?: (fraction: number) => void;
}

/** Of 32 values in 34 bytes. */
const q8ShareOfF16 = 34 / 64;

/** A model in memory with its segment store. One engine thread; every call is safe from the event loop. */
export class LeoEngine {
  readonly info: ModelInfo;
  private readonly sessions = new Set<LeoSession>();
  private ending: Promise<void> | undefined;

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
        ...(options.storeRamBytes === undefined ? {} : { ramBudgetBytes: options.storeRamBytes }),
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

  storeStats(): Promise<StoreStats> {
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

  /**
   * Answers several prompts at once, each in a session of its own, whose evidence in tiers, where they
   * have any, is the same and read once for all. See `NativeEngine.generateTogether`.
   */
  async generateTogether(
    asked: readonly { session: LeoSession; request: SessionRequest<GenerateRequest> }[],
    requestClass: RequestClass,
    signal?: AbortSignal,
  ): Promise<GenerateResult[]> {
    return runJob(
      this.native.generateTogether(
        asked.map(({ session }) => session.native),
        asked.map(({ request }) => request),
        priorities[requestClass],
        (answer, text) => asked[answer]?.request.onText?.(text),
      ),
      signal,
    );
  }

  /** KV that sessions hold in memory. */
  sessionUse(): SessionUse {
    const share = this.kv === 'q8' ? q8ShareOfF16 : 1;
    return useOf([...this.sessions], this.info.kvBytesPerToken * share);
  }

  /** Lets go of its sessions as well. */
  dispose(): Promise<void> {
    this.ending ??= this.native.dispose();
    return this.ending;
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
