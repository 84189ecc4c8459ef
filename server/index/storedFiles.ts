// What the store holds of each file of a repository.

import type { NativeEngine, Precision, SegmentState } from '../engine/addon.js';
import type { Pins } from './pins.js';
import type { RepositoryIndex } from './types.js';

export interface StoredFile {
  path: string;
  tokens: number;
  /** Of these, what is stored: their KV is not computed again. */
  tokensStored: number;
  /** Of the stored segments. */
  bytes: number;
  /** Of these, what is read from RAM; the rest is read from disk. */
  bytesInRam: number;
  /** All of what is stored outlives this process. */
  isOnDisk: boolean;
  precision?: Precision;
  /** Milliseconds since 1970, to about a minute. */
  lastUse?: number;
  /** Chunks that were read under an older text. */
  staleChunks: number;
  /** It is kept whatever the budget, once it is read. */
  pinned: boolean;
}

/** Every file that takes part, in order of use. Reads the front of each segment once. */
export async function storedFiles(
  index: Pick<RepositoryIndex, 'files' | 'segmentsOf'>,
  engine: Pick<NativeEngine, 'segmentStates'>,
  pins: Pick<Pins, 'isPinned'>,
): Promise<StoredFile[]> {
  const plans = index.files.map(({ path }) => index.segmentsOf(path));
  const states = await engine.segmentStates(plans.flat().map(({ key }) => key));
  let next = 0;
  return index.files.map(({ path, tokens }, i) => {
    const keys = (plans[i] ?? []).map(({ key }) => key);
    const stored = states.slice(next, next + keys.length).filter((state) => state !== null);
    next += keys.length;
    return { path, tokens, pinned: pins.isPinned(path, keys), ...summed(stored) };
  });
}

function summed(stored: readonly SegmentState[]): Omit<StoredFile, 'path' | 'tokens' | 'pinned'> {
  const sum = (of: (state: SegmentState) => number): number =>
    stored.reduce((total, state) => total + of(state), 0);
  const [first] = stored;
  const lastUse = Math.max(0, ...stored.map(({ lastUseMs }) => lastUseMs));
  return {
    tokensStored: sum(({ tokens }) => tokens),
    bytes: sum(({ bytes }) => bytes),
    bytesInRam: sum(({ bytes, tier }) => (tier === 'ram' ? bytes : 0)),
    staleChunks: sum(({ staleChunks }) => staleChunks),
    isOnDisk: stored.length > 0 && stored.every(({ isOnDisk }) => isOnDisk),
    ...(first === undefined ? {} : { precision: first.precision }),
    ...(lastUse > 0 ? { lastUse: Math.round(lastUse) } : {}),
  };
}
