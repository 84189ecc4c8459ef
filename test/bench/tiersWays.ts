// The ways to decode behind a large context that bench tiers compares, and what each asks of the
// engine.

import type { KvFormat } from '../../server/engine/addon.js';
import { draftTiers, type TierOptions } from '../../server/engine/tierOptions.js';

/**
 * - `memory`: all of the KV in memory;
 * - `full-disk`: all of it read at every step, nothing kept;
 * - `mmap`: as that, through the system's page cache, which has the memory (memoryCap.ts); with a real
 *   disk alone;
 * - `dense`: all of it attended to, what fits kept, the next layer read ahead;
 * - `fixed-chunk`: always the share, judged by one abstract for a whole chunk;
 * - `fixed-share`: always the share, judged by the abstracts that LeoAM has;
 * - `token-level`: as LeoAM, but each key is judged for itself;
 * - `boxes`: as LeoAM, but judged by bounds alone, without codes of the keys;
 * - `previous-layer`: as LeoAM, but by the queries of the layer before, so that reading is done
 *   meanwhile;
 * - `both-planes`: as LeoAM, but of what is stored in two planes both are always read;
 * - `high-plane`: as LeoAM, but steps always read the high plane alone;
 * - `leoam`: what holds enough of the attention that the abstracts estimate, at most the share;
 * - `lossless`: all of it attended to by passes that verify what such steps have guessed.
 */
export const ways = [
  ...(['memory', 'full-disk', 'mmap', 'dense', 'fixed-chunk', 'fixed-share'] as const),
  ...(['token-level', 'boxes', 'previous-layer'] as const),
  ...(['both-planes', 'high-plane', 'leoam', 'lossless'] as const),
] as const;
export type Way = (typeof ways)[number];

/**
 * Where blocks are read from: `real`, the disk, past the system's page cache; `cache`, that cache as
 * fast as it is; or it, throttled to so many MB a second.
 */
export type Disk = 'real' | 'cache' | number;

export interface Setting {
  way: Way;
  /** Answers that are written together, to as many questions about the same context. */
  batch: number;
  /** Of its KV as F16. */
  ramPercent: number;
  kv: KvFormat;
  /** Of the KV, what a device's memory may hold of what RAM has no room for. */
  devicePercent: number;
  disk: Disk;
  /** Of the chunks, in a step that attends to a share, at most. */
  share?: number;
  /** Of the estimated attention, enough for such a step. */
  mass?: TierOptions['mass'];
  /** Absent: all in memory. How many bytes each tier has is for the row to say. */
  tiers?: Omit<TierOptions, 'ramBytes' | 'deviceBytes'>;
}

export interface Choices {
  ways: readonly Way[];
  batches: readonly number[];
  rams: readonly number[];
  kvs: readonly KvFormat[];
  devicePercents: readonly number[];
  /** As ggml names it; undefined: the first GPU. */
  device?: string | undefined;
  share: number;
  /** Undefined: what the engine takes for steps that write, and for those that guess. */
  masses: readonly number[] | undefined;
  /** At most; undefined: as the engine does. */
  codeShare?: number | undefined;
  disks: readonly Disk[];
  draftTokens: number;
}

export function settingsOf(choices: Choices): Setting[] {
  return choices.batches.flatMap((batch) => settingsOfBatch(choices, batch));
}

/** `memory` and `full-disk`, which others are compared to, come first and are never left out. */
function settingsOfBatch(choices: Choices, batch: number): Setting[] {
  const settings: Setting[] = [
    { way: 'memory', batch, ramPercent: 100, kv: 'f16', devicePercent: 0, disk: 'cache' },
  ];
  for (const disk of choices.disks) {
    const reading: Partial<TierOptions> = {
      passPageCache: disk === 'real',
      diskBytesPerSecond: typeof disk === 'number' ? disk * 1e6 : 0,
    };
    settings.push({
      ...{ way: 'full-disk', batch, ramPercent: 0, kv: 'f16', devicePercent: 0, disk },
      tiers: { prefetch: false, ...reading },
    });
    const memories = choices.rams.flatMap((ramPercent) =>
      choices.devicePercents.flatMap((devicePercent) =>
        choices.kvs.map((kv) => ({ ramPercent, devicePercent, kv })),
      ),
    );
    for (const memory of memories) {
      const isMeasured: Partial<Record<Way, boolean>> = {
        lossless: batch === 1, // answers that are written together guess nothing
        mmap: disk === 'real' && memory.devicePercent === 0,
      };
      for (const way of choices.ways.filter((one) => isMeasured[one] ?? true)) {
        for (const { share, mass, ...tiers } of tiersOf(way, choices)) {
          settings.push({
            ...{ way, batch, ...memory, disk },
            ...(share === undefined ? {} : { share, mass: mass ?? 1 }),
            tiers: {
              ...tiers,
              kv: memory.kv,
              ...(share === undefined ? {} : { share, mass }),
              ...(choices.device === undefined ? {} : { device: choices.device }),
              ...(way === 'mmap' ? {} : reading),
            },
          });
        }
      }
    }
  }
  return settings;
}

/** One for each mass where the way has one. */
function tiersOf(
  way: Way,
  { share, masses, draftTokens, codeShare }: Choices,
): Omit<TierOptions, 'ramBytes'>[] {
  const enough = (rest: Omit<TierOptions, 'ramBytes'> = {}): Omit<TierOptions, 'ramBytes'>[] =>
    (masses ?? [rest.mass ?? 'enough']).map((mass) => ({
      ...(codeShare === undefined ? {} : { codeShare }),
      ...rest,
      ...{ share, mass },
    }));
  switch (way) {
    case 'memory':
    case 'full-disk':
      return [];
    case 'mmap':
      return [{ prefetch: false }];
    case 'dense':
      return [{}];
    case 'fixed-chunk':
      return [{ share, mass: 1, abstractTokens: wholeChunk, codeShare: 0 }];
    case 'fixed-share':
      return [{ share, mass: 1 }];
    case 'token-level':
      return enough({ abstractTokens: 1, codeShare: 0 });
    case 'boxes':
      return enough({ codeShare: 0 });
    case 'previous-layer':
      return enough({ previousLayer: true });
    case 'both-planes':
      return enough({ highPlane: 'never' });
    case 'high-plane':
      return enough({ highPlane: 'always' });
    case 'leoam':
      return enough();
    case 'lossless':
      return enough({
        draftTokens,
        ...draftTiers,
        ...(codeShare === undefined ? {} : { codeShare }),
      });
  }
}

/** Above what a chunk holds. */
const wholeChunk = 4096;
