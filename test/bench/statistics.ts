// The figures that benches report: medians, percentiles, and how sure a mean difference is.
// All randomness is seeded: the same rows give the same interval.

/** Numbers in [0, 1), the same sequence for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function mean(values: readonly number[]): number {
  return sum(values) / requireSome(values);
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which `percent` % of the values lie, interpolated between neighbours. */
export function percentile(values: readonly number[], percent: number): number {
  requireSome(values);
  const sorted = [...values].sort((a, b) => a - b);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** A mean with the bounds between which it lies in 95 % of resamplings. */
export interface Interval {
  n: number;
  mean: number;
  low: number;
  high: number;
}

export interface BootstrapOptions {
  seed?: number;
  resamples?: number;
}

/**
 * Mean of paired differences (one number a question) with its 95 % bootstrap interval:
 * questions are drawn again with replacement, both sides of a question together.
 */
export function pairedInterval(
  differences: readonly number[],
  { seed = 1, resamples = 5000 }: BootstrapOptions = {},
): Interval {
  const n = requireSome(differences);
  const random = seededRandom(seed);
  const means = Array.from({ length: resamples }, () => {
    let total = 0;
    for (let i = 0; i < n; i++) {
      total += differences[Math.floor(random() * n)] ?? 0;
    }
    return total / n;
  });
  return {
    n,
    mean: mean(differences),
    low: percentile(means, 2.5),
    high: percentile(means, 97.5),
  };
}

/**
 * At most `limit` items, as many of each kind as there are, in their old order. A larger
 * limit only adds items, so that what was measured for a small sample counts for a large one.
 */
export function balancedSample<T>(
  items: readonly T[],
  kindOf: (item: T) => string,
  limit: number,
  seed = 1,
): T[] {
  const kinds = new Map<string, number[]>();
  items.forEach((item, index) => {
    const kind = kindOf(item);
    kinds.set(kind, [...(kinds.get(kind) ?? []), index]);
  });
  const random = seededRandom(seed);
  const queues = [...kinds.keys()].sort().map((kind) => shuffled(kinds.get(kind) ?? [], random));
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  const dealt = Array.from({ length: longest }, (_, round) =>
    queues.flatMap((queue) => queue[round] ?? []),
  ).flat();
  const chosen = new Set(dealt.slice(0, limit));
  return items.filter((_, index) => chosen.has(index));
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items];
  const result: T[] = [];
  while (rest.length > 0) {
    result.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return result;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function requireSome(values: readonly unknown[]): number {
  if (values.length === 0) {
    throw new Error('There are no values to take a figure of.');
  }
  return values.length;
}
