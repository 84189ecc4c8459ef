// The figures that benches report.

import assert from 'node:assert/strict';
import {
  balancedSample,
  median,
  pairedInterval,
  percentile,
  seededRandom,
} from '../bench/statistics.js';

describe('bench statistics', () => {
  it('take the middle of an odd count and the mean of both middles of an even one', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([9, 1, 5, 7]), 6);
  });

  it('interpolate a percentile between its neighbours', () => {
    assert.equal(percentile([10, 20], 95), 19.5);
    assert.equal(percentile([3], 95), 3);
  });

  it('refuse to take a figure of nothing', () => {
    assert.throws(() => median([]), /no values/);
    assert.throws(() => pairedInterval([]), /no values/);
  });

  it('draw numbers that look uniform', () => {
    const random = seededRandom(7);
    const buckets = new Array<number>(10).fill(0);
    for (let i = 0; i < 10000; i++) {
      const bucket = Math.floor(random() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) {
      assert.ok(count > 850 && count < 1150, `a tenth of 10,000 numbers has ${String(count)}`);
    }
  });

  it('give the same interval for the same seed and another for another', () => {
    const differences = [1, 0, -1, 1, 1, 0, 0, 1];
    assert.deepEqual(pairedInterval(differences), pairedInterval(differences));
    assert.notDeepEqual(
      pairedInterval(differences, { seed: 2 }),
      pairedInterval(differences, { seed: 3 }),
    );
  });

  it('give an interval as wide as the normal approximation says', () => {
    const differences = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const { mean, low, high } = pairedInterval(differences);
    assert.equal(mean, 0);
    const expected = 1.96 / Math.sqrt(400); // of a standard deviation of 1
    assert.ok(Math.abs(high - expected) < 0.01, String(high));
    assert.ok(Math.abs(low + expected) < 0.01, String(low));
  });

  it('have no doubt about a constant difference', () => {
    assert.deepEqual(pairedInterval([2, 2, 2]), { n: 3, mean: 2, low: 2, high: 2 });
  });

  it('contain the true mean in about 95 of 100 experiments', () => {
    const random = seededRandom(11);
    let contained = 0;
    for (let experiment = 0; experiment < 200; experiment++) {
      const sample = Array.from({ length: 60 }, () => random() - 0.3);
      const { low, high } = pairedInterval(sample, { seed: experiment, resamples: 400 });
      contained += low <= 0.2 && 0.2 <= high ? 1 : 0;
    }
    assert.ok(contained >= 180 && contained <= 199, `${String(contained)} of 200`);
  });
});

describe('balanced samples', () => {
  const items = Array.from({ length: 30 }, (_, i) => ({ id: i, kind: i < 24 ? 'many' : 'few' }));
  const sample = (limit: number): typeof items => balancedSample(items, ({ kind }) => kind, limit);

  it('take as many of each kind as there are', () => {
    const kinds = sample(16).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'few').length, 6);
    assert.equal(kinds.length, 16);
  });

  it('keep the order and grow without losing anything', () => {
    const small = sample(8).map(({ id }) => id);
    const large = new Set(sample(20).map(({ id }) => id));
    assert.deepEqual(
      small,
      [...small].sort((a, b) => a - b),
    );
    assert.ok(small.every((id) => large.has(id)));
  });

  it('are everything when the limit is larger', () => {
    assert.deepEqual(sample(100), items);
  });
});
