// Evidence of a session that stays on disk: what the addon is told of it, and what it tells.

import type { KvFormat } from './addon.js';

export const highPlanes = ['never', 'auto', 'always'] as const;
export type HighPlane = (typeof highPlanes)[number];

/** How evidence that stays on disk is attended to. */
export interface TierOptions {
  /** Memory for its KV and, with a share, its abstracts, which are as fine as it allows. */
  ramBytes: number;
  /** How its KV lies in memory: `q8` takes 53 % of the bytes, where heads can be held so. Default: as the session's own. */
  kv?: KvFormat;
  /** Memory of a device for what `ramBytes` have no room for. Default 0: none. */
  deviceBytes?: number;
  /** As ggml names it. Default: the first GPU. */
  device?: string;
  /**
   * Share of its chunks that take part in each step of an answer, chosen layer by layer by their
   * abstracts. Default 1: all, which is exact.
   */
  share?: number;
  /**
   * Of the attention, as the abstracts estimate it, that is enough: where attention is skewed, fewer
   * chunks than the share take part. `enough`: so much that perplexity stays as it is to about a
   * hundredth, with the abstracts that there is memory for. Default 1: always the share.
   */
  mass?: number | 'enough';
  /**
   * Steps that attend to the share guess so many tokens ahead, and a pass over all verifies them:
   * what is written is the same as without a share. Default 0: what the share says is written.
   */
  draftTokens?: number;
  /** Keys that one abstract stands for, at most. Default 16. */
  abstractTokens?: number;
  /**
   * Abstracts of up to 16 keys also say, of so many of the channels (0 to 1), where each key's values
   * lie between their bounds, in 2 or 4 bits; of half as many or of none where memory is short.
   * Default 0.5.
   */
  codeShare?: number;
  /**
   * Each layer attends to what the one before it would, which is read meanwhile: for comparison.
   * Default false.
   */
  previousLayer?: boolean;
  /**
   * When steps that attend to the share read the high plane alone of what is stored in two: half the
   * bytes, 4 bits a value. `auto`, the default: where they wait for blocks, and for the link to the
   * disk rather than for decoding; never where they only guess ahead.
   */
  highPlane?: HighPlane;
  /** Read no faster than that, to see what a slower disk would do. Default 0: as fast as it is. */
  diskBytesPerSecond?: number;
  /** Reading the next layer's KV while one computes, where all of it takes part. Default true. */
  prefetch?: boolean;
  /** The system keeps nothing of what is read beside that memory, where it can. Default false. */
  passPageCache?: boolean;
  /** Whether the counters tell what was needed of what took part, which costs a sort a layer. Default false. */
  countNeeded?: boolean;
}

/** How such evidence lies in memory where nobody says otherwise: more of it fits (ARCHITECTURE.md). */
export const evidenceKv: KvFormat = 'q8';
/**
 * Of steps that only guess, which all of it verifies: less attention is enough, and the memory that
 * codes take serves the passes over all better (ARCHITECTURE.md).
 */
export const draftTiers = { mass: 0.95, codeShare: 0 } as const;
/** What is written is what passes over all of it write, and soonest so (ARCHITECTURE.md). */
export const exactTiers = { share: 0.2, draftTokens: 12, ...draftTiers } as const;

/**
 * What steps attend to where somebody names a share: with `draftTokens`, as a guess. Without one, what
 * is written is what all of it writes.
 */
export function stepTiers({
  share,
  draftTokens = 0,
  mass,
}: Pick<TierOptions, 'share' | 'draftTokens' | 'mass'>): Partial<TierOptions> {
  if (share === undefined) {
    return exactTiers;
  }
  return {
    share,
    draftTokens,
    ...(draftTokens > 0 ? draftTiers : { mass: 'enough' }),
    ...(mass === undefined ? {} : { mass }),
  };
}

/** What the tiers of a session have done. A block is one layer of a chunk. */
export interface TierCounters {
  /** Which context: sessions that hold the same evidence with the same options share it. */
  context: number;
  /** By layers of passes that were not given up. */
  blocksWanted: number;
  /** Of these, in RAM already, or on the way there. */
  blocksHit: number;
  /** From the disk tier, also ahead of being wanted. */
  blocksRead: number;
  /** Of these, the high plane alone. */
  blocksHigh: number;
  /** From the device tier. */
  blocksFromDevice: number;
  /** From RAM, for others. */
  blocksDropped: number;
  /**
   * With `countNeeded`, of layers of passes whose attention was counted: what took part, and the fewest
   * of these blocks that hold 98.5 % of the attention that went to all of them.
   */
  blocksWeighed: number;
  blocksNeeded: number;
  bytesRead: number;
  /** Fitted to what was read: what the disk delivers, and what all cores decode; 0 before. */
  linkMbPerSecond: number;
  decodeMbPerSecond: number;
  bytesToDevice: number;
  bytesFromDevice: number;
  /** Blocks in RAM now: each is one layer of a chunk. */
  ramBytes: number;
  ramBlocks: number;
  /** Of RAM. */
  peakBytes: number;
  /** Of the device's memory, what is taken for blocks; 0 without a device, or where it had no room. */
  deviceBudgetBytes: number;
  /** Blocks on the device now. */
  deviceBytes: number;
  deviceBlocks: number;
  devicePeakBytes: number;
  /** The device failed; the disk serves what it held. */
  deviceLost: boolean;
  /** Abstracts of the keys, in RAM; 0 where all takes part. */
  abstractBytes: number;
  /** Of the evidence, as RAM would hold it. */
  kvBytes: number;
  /** By passes, for the disk and the device. */
  waitedMs: number;
  /** Judging abstracts. */
  chooseMs: number;
}

/** A GPU with memory of its own. */
export interface DeviceInfo {
  /** As ggml has it, such as "CUDA0". */
  name: string;
  description: string;
  freeBytes: number;
  totalBytes: number;
}
