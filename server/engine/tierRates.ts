// How much of what passes wanted the tiers had: the only place where hit rates are made.

import type { TierCounters } from './tierOptions.js';

/** What rates are made of: of a context, summed over several, or what came between two looks. */
export type BlocksMoved = Pick<TierCounters, 'blocksWanted' | 'blocksRead' | 'blocksFromDevice'>;

/** 0 to 1; each is absent before its first block. */
export interface HitRates {
  /** Of the blocks that were wanted, those that were in RAM and stayed there: nothing moved for them. */
  ram?: number;
  /** Of the blocks that RAM did not hold, those that the device had. */
  device?: number;
}

/**
 * By what was moved: a block that is wanted while it is being read ahead came from below all the
 * same. What was read ahead in vain, or could not be read, counts against RAM.
 */
export function hitRates({ blocksWanted, blocksRead, blocksFromDevice }: BlocksMoved): HitRates {
  const moved = blocksRead + blocksFromDevice;
  return {
    ...(blocksWanted > 0 ? { ram: Math.max(0, 1 - moved / blocksWanted) } : {}),
    ...(moved > 0 ? { device: blocksFromDevice / moved } : {}),
  };
}
