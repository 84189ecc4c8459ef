// The room that the store's budget leaves for files of one folder: what others have pinned stays,
// whatever is read.

import type { NativeEngine, StoreStats } from '../engine/addon.js';

export interface Budget {
  /** Of the store; 0: no limit. */
  bytes: number;
  /** Of these, what stays whatever is read: pins of other files, folders and models. */
  pinnedBytes: number;
}

/** For the segments with these keys. Reads the front of each once where something is pinned. */
export async function budgetFor(
  engine: Pick<NativeEngine, 'segmentStates'>,
  { budgetBytes, pinnedBytes }: Pick<StoreStats, 'budgetBytes' | 'pinnedBytes'>,
  keys: string[],
): Promise<Budget> {
  if (budgetBytes === 0 || pinnedBytes === 0) {
    return { bytes: budgetBytes, pinnedBytes };
  }
  const states = await engine.segmentStates(keys);
  const own = states.reduce(
    (sum, state) => sum + (state?.pinned && state.isOnDisk ? state.bytes : 0),
    0,
  );
  return { bytes: budgetBytes, pinnedBytes: Math.max(0, pinnedBytes - own) };
}

/** What the files may take; Infinity: no limit. */
export function roomIn({ bytes, pinnedBytes }: Budget): number {
  return bytes === 0 ? Infinity : bytes - pinnedBytes;
}
