// What the native addon (`leoam.node`) offers, as TypeScript sees it. The C++ side of this
// contract is native/binding. Everything that computes returns a promise and runs on the
// engine thread; nothing here blocks the event loop. Rejections are `EngineError`s: an
// Error whose `code` is one of StatusCodeName (native/include/leoam/status.h).

import type { DeviceInfo, TierCounters, TierOptions } from './tierOptions.js';

/** Higher runs first and preempts lower within a graph (design: completion > chat > …). */
export type Priority = 'completion' | 'chat' | 'prepare' | 'index';

export type Precision = 'f16' | 'q8' | 'q4';

/** How a conversation's KV lies in memory: `q8` takes 53 % of the bytes. */
export type KvFormat = 'f16' | 'q8';

export interface SystemInfo {
  /** File name of the ggml CPU module that was chosen, e.g. "ggml-cpu-haswell". */
  cpuVariant: string;
  cpuFeatures: string[];
  /** Which of our own attention kernels runs: "avx512" | "avx2" | "neon" | "plain". */
  attentionKernel: string;
  kvVersion: number;
  /** Two of a core with hyper-threads. */
  logicalCores: number;
}

export interface ModelInfo {
  architecture: string;
  name: string;
  quantization: string;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabulary: number;
  /** Trained window, tokens. */
  context: number;
  parameters: number;
  weightBytes: number;
  /** F16 KV of one token, bytes. */
  kvBytesPerToken: number;
  /** True when the model's chat template is one that libllama knows. */
  hasChatTemplate: boolean;
}

export interface EngineOptions {
  modelPath: string;
  /** Folder of the ggml modules; the addon's own by default. */
  moduleDir?: string;
  /** 0: physical cores. */
  threads?: number;
  /** Of every session; default f16. Rejects with "unsupported" where the model's heads do not fit q8. */
  kv?: KvFormat;
  onProgress?: (fraction: number) => void;
}

export interface StoreOptions {
  directory: string;
  /** 0: no limit. */
  budgetBytes: number;
  /** For segments in RAM: moved there, or refused by the disk. Default 1 GiB. */
  ramBudgetBytes?: number;
  precision: Precision;
}

export interface StoreStats {
  segments: number;
  bytes: number;
  tokens: number;
  chunks: number;
  /** Of `bytes`, what is not evicted. */
  pinnedBytes: number;
  budgetBytes: number;
  /** In RAM: moved there, or the disk refused them. */
  ramSegments: number;
  ramBytes: number;
  /** Of these, what the disk has as well. */
  ramCopiedBytes: number;
  ramBudgetBytes: number;
  bytesRead: number;
  bytesWritten: number;
  corrupt: number;
  evicted: number;
}

/** Where a stored segment is and what it takes. */
export interface SegmentState {
  tokens: number;
  bytes: number;
  chunks: number;
  /** Of these, read under an older text. */
  staleChunks: number;
  precision: Precision;
  /** Since 1970, to about a minute; 0 for what is in RAM. */
  lastUseMs: number;
  /** It is not evicted. */
  pinned: boolean;
  /** `ram`: it was moved there, or the disk refused it. */
  tier: 'ram' | 'disk';
  isOnDisk: boolean;
}

/** A (layer, query head) that finds evidence. */
export interface RetrievalHead {
  layer: number;
  head: number;
}

/**
 * One file's segment to be read (prefilled after the preamble) and kept. Chunks are whole
 * lines, cut and tokenised by TypeScript; chunk 0 is the file header.
 */
export interface SegmentRequest {
  /** 64 hex digits: hash of all that decides what the KV is, and of the chunks. */
  key: string;
  tokens: Int32Array;
  /** Ascending token offsets; the last is tokens.length. */
  chunkEnds: Uint32Array;
  /**
   * After an edit: an older segment of the same file. Chunks whose tokens are equal are
   * taken from it and marked stale; only the others are computed.
   */
  base?: string;
}

export interface SegmentResult {
  tokensComputed: number;
  tokensReused: number;
  bytesWritten: number;
  /** Chunks whose KV was read under an older text. */
  staleChunks: number;
  /** Set when the segment is kept in RAM because the disk refused it. */
  warning?: string;
}

/** A piece of a prompt, appended at the next positions. */
export type Part =
  /**
   * `movable`, of a question's parts but the last, and not together with repair: where the
   * session's last prompt had the same part behind another text, its KV is moved instead of
   * computed. It still holds what it attended to then.
   */
  | { kind: 'text'; tokens: Int32Array; movable?: boolean }
  /**
   * Chunks [first, last) of a stored segment, moved to the next positions. In a question they
   * must be movable.
   */
  | { kind: 'chunks'; key: string; first: number; last: number; movable?: boolean }
  /**
   * Text that should be kept: computed here, in place, as `text` is, then stored as a
   * segment of its own under `key` (see `SegmentRequest`).
   */
  | { kind: 'keep'; key: string; tokens: Int32Array; chunkEnds: Uint32Array };

export interface RepairOptions {
  /** Share of the stored tokens in the prompt to recompute, 0..1; 0 switches it off. */
  share: number;
}

export interface Sampling {
  temperature: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repeatPenalty?: number;
  seed?: number;
  grammar?: string;
}

export interface DraftOptions {
  /** Of one guess; 0: none. */
  maxTokens: number;
  /** What the answer goes on from: the tokens before the cursor. */
  context: Int32Array;
  /** Text to guess from besides the session's own. */
  corpus: Int32Array;
}

export interface GenerateRequest {
  /** Whole prompt, after the preamble. What equals the session's content from the front is reused. */
  parts: Part[];
  /** The part (index) where the question begins; parts before it are evidence. */
  questionPart: number;
  repair: RepairOptions;
  maxTokens: number;
  sampling: Sampling;
  /** Ends the answer; not part of it. */
  stop: string[];
  /**
   * What the answer begins with, in whichever tokens the model likes best (token healing): it was taken
   * from the prompt's end, since the tokens of a half word are not those of the whole one. No part of
   * the result's text, but of its tokens. Not together with a grammar.
   */
  healed?: string;
  /** Guesses that decoding verifies; absent: none. What is written is the same. */
  draft?: DraftOptions;
  /**
   * Natural log probability: the answer ends, as "unlikely", once the mean over `minJudgedTokens` or
   * more of its tokens is below. Where it is given (-Infinity never ends anything), `logProbability`
   * is measured.
   */
  minMeanLogProbability?: number;
  /** Default 1. Of an answer with fewer tokens the caller judges. */
  minJudgedTokens?: number;
  priority: Priority;
  /** Called for each piece of text as soon as it is safe to show (never half of a stop string). */
  onText?: (text: string) => void;
}

export interface Counters {
  /** Tokens that went through the model for this request before the first token of the answer. */
  tokensComputed: number;
  /** Of these, stored tokens recomputed by repair. */
  tokensRepaired: number;
  /** Tokens whose KV came from the store or from the session. */
  tokensReused: number;
  /** Of these, a movable part's that stood elsewhere. */
  tokensMoved: number;
  bytesFromDisk: number;
  tokensDecoded: number;
  /** Guessed tokens that decoding verified. */
  tokensDrafted: number;
  /** Of these, right ones: they took no pass of their own. */
  tokensAccepted: number;
}

export interface GenerateResult {
  text: string;
  /** Of the answer, for the next turn's prompt: passed on as they are, nothing of it is computed again. */
  tokens: Int32Array;
  /** Why it ended. A cancelled generation resolves, with what was written until then. */
  reason: 'end' | 'stop' | 'length' | 'unlikely' | 'cancelled';
  /** The first ones of `tokens`, which say nothing but what was `healed`. */
  healedTokens: number;
  /**
   * Natural, of the others together, of the first of them among the tokens that go on so; 0 where it was
   * not asked for.
   */
  logProbability: number;
  counters: Counters;
  timings: {
    /** From the request to its start on the engine thread: other work went first. */
    queuedMs: number;
    loadKvMs: number;
    prefillMs: number;
    repairMs: number;
    /** From that start. */
    ttftMs: number;
    decodeMs: number;
  };
  /** Attention mass of each part while the answer was decoded; same order as parts. */
  partMass: number[];
  /** Of the context, which sessions may share, since it was opened; where evidence is on disk. */
  tiers?: TierCounters;
  /** Set when evidence that should be kept is not on disk, because the disk refused it. */
  warning?: string;
}

export interface ScoreRequest {
  parts: Part[];
  questionPart: number;
  repair: RepairOptions;
  /** Its tokens are judged one after the other (teacher forced). */
  target: Int32Array;
  /** Returns the logits that they are judged by, too. */
  keepLogits?: boolean;
  priority: Priority;
}

export interface ScoreResult {
  /** Natural log probability of each target token. */
  logProbabilities: Float32Array;
  /** For each target token: 1 when it was the most likely one. */
  argmax: Uint8Array;
  /** [target token][vocabulary], with `keepLogits`. */
  logits?: Float32Array;
  counters: Counters;
  timings: { ttftMs: number };
}

export interface ChunkCandidate {
  key: string;
  first: number;
  last: number;
}

export interface EngineError extends Error {
  code: string;
}

/** A cancellable job: `cancel` reaches the engine's loop within 50 ms; the promise then rejects with code "cancelled". */
export interface Job<T> {
  promise: Promise<T>;
  cancel(): void;
}

export interface NativeSession {
  generate(request: GenerateRequest): Job<GenerateResult>;
  score(request: ScoreRequest): Job<ScoreResult>;
  /** Tokens that the session holds, preamble included. */
  size(): number;
  /** As of the last token of an answer; undefined where all is held in memory. */
  tiers(): TierCounters | undefined;
  dispose(): void;
}

export interface NativeEngine {
  info(): ModelInfo;
  /** `special`: control tokens in the text are recognised; off for file contents. */
  tokenize(texts: string[], special: boolean): Promise<Int32Array[]>;
  detokenize(tokens: Int32Array): string;
  applyChatTemplate(messages: { role: string; content: string }[], addAssistant: boolean): string;
  /** Id of a control token such as "<|file_sep|>", or undefined. */
  specialToken(text: string): number | undefined;

  openStore(options: StoreOptions): Promise<void>;
  /** The shared start of every segment and session. Must be set before either is used. */
  setPreamble(tokens: Int32Array): Promise<void>;
  /** Heads whose keys are kept apart in segments written from now on. */
  setRetrievalHeads(heads: RetrievalHead[]): void;

  /** 1 where the store has the segment. */
  hasSegments(keys: string[]): Uint8Array;
  readSegment(request: SegmentRequest, priority: Priority): Job<SegmentResult>;
  /**
   * To RAM: they are read from there until they are moved back or the engine ends, and stay on disk
   * as well; fails with `no_space` where not all of them fit, and moves none. To disk: what it
   * refused before is written there. Segments that are not there are left out.
   */
  moveSegments(keys: string[], tier: 'ram' | 'disk'): Promise<void>;
  removeSegments(keys: string[]): Promise<void>;
  /** As of the last seconds: looks at each segment of the store at times. */
  storeStats(): Promise<StoreStats>;
  /** 0: no limit. Evicts at once, by last use, what exceeds it, but never what is pinned. */
  setStoreBudget(bytes: number): Promise<void>;
  /** One for each key; null where there is no such segment. */
  segmentStates(keys: string[]): Promise<(SegmentState | null)[]>;
  /** Keeps segments, there or still to come, from being evicted by any process; or no longer. */
  pinSegments(keys: string[], pinned: boolean): Promise<void>;
  /** Removes every segment of the store, of all repositories and models. */
  clearStore(): Promise<void>;

  /**
   * Scores chunk ranges against a question by retrieval heads: mean over heads of the best
   * key's score, minus the same for the null query. One number per candidate; NaN where the
   * segment is not stored.
   */
  scoreChunks(
    question: Int32Array,
    nullQuery: Int32Array,
    candidates: ChunkCandidate[],
  ): Job<Float32Array>;
  /**
   * For finding retrieval heads: the same score per head, [candidate][layer * heads + head],
   * from keys computed here.
   */
  scoreAllHeads(
    question: Int32Array,
    nullQuery: Int32Array,
    candidates: ChunkCandidate[],
  ): Job<Float32Array>;

  /**
   * With `tiers` the stored chunks that a prompt's evidence begins with stay on disk;
   * `contextTokens` is then the room for the rest.
   */
  newSession(contextTokens: number, tiers?: TierOptions): NativeSession;
  /**
   * Answers several prompts, each in its own session: every pass computes a token of each, and reads
   * weights and evidence in tiers, the same in all sessions or in none, once for all. Nothing is
   * guessed or told of `partMass`; each answer's `bytesFromDisk` has an equal part of what these passes
   * read. `onText`: as in `GenerateRequest`, with the answer's place among the requests.
   */
  generateTogether(
    sessions: NativeSession[],
    requests: Omit<GenerateRequest, 'priority' | 'onText'>[],
    priority: Priority,
    onText?: (answer: number, text: string) => void,
  ): Job<GenerateResult[]>;
  /** Waits for running jobs to be cancelled, then frees everything. Later calls throw code "disposed". */
  dispose(): Promise<void>;
}

export interface Addon {
  systemInfo(moduleDir?: string): SystemInfo;
  /** GPUs with memory of their own; loads their modules, which takes some time the first time. */
  devices(moduleDir?: string): DeviceInfo[];
  loadEngine(options: EngineOptions): Job<NativeEngine>;
  /** What a store holds; takes no model. Makes the folder where it is missing. */
  storeStats(directory: string): Promise<StoreStats>;
  /** Reads all of a store and drops what is damaged (keys); takes no model. */
  verifyStore(
    directory: string,
    onProgress?: (done: number, total: number) => void,
  ): Promise<{ ok: number; damaged: string[] }>;
}
