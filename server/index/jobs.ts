// Reading a repository into the store: one engine job per segment that is not there yet,
// in order of use.

import type { NativeEngine } from '../engine/addon.js';
import type { RepositoryIndex } from './types.js';

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
  warnings: string[];
}

/** The part of the engine that reading needs. */
export type SegmentReader = Pick<
  NativeEngine,
  'hasSegments' | 'staleChunks' | 'readSegment' | 'removeSegments'
>;

export interface IndexJobOptions {
  index: RepositoryIndex;
  engine: SegmentReader;
  /** Reads again, exactly, the segments that hold stale chunks: the pass for idle time. */
  exact?: boolean;
  onProgress?: (progress: IndexProgress) => void;
  signal?: AbortSignal;
}

/** What `indexRepository` would have to do. */
export function estimateIndex(
  index: RepositoryIndex,
  engine: Pick<SegmentReader, 'hasSegments'>,
  rates: { kvBytesPerToken: number; tokensPerSecond?: number },
): IndexEstimate {
  const segments = index.segments();
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

/** Reads every segment that the store does not have. Rejects only when the engine fails. */
export async function indexRepository(options: IndexJobOptions): Promise<IndexResult> {
  return Promise.reject(new Error(`Reading ${options.index.root} is not built yet.`));
}
