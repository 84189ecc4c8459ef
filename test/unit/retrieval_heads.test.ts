import assert from 'node:assert/strict';
import { bestHeads, reciprocalRanks } from '../../server/retrieval/retrievalHeads.js';

describe('the rank that a head gives to the right chunk', () => {
  // Three candidates, two heads: [candidate][head].
  const scores = Float32Array.of(0.1, 0.9, 0.3, 0.5, 0.2, 0.7);

  it('is one over its place among all candidates, for each head', () => {
    assert.deepEqual([...reciprocalRanks(scores, 3, 0)], [1 / 3, 1]);
    assert.deepEqual([...reciprocalRanks(scores, 3, 1)], [1, 1 / 3]);
    assert.deepEqual([...reciprocalRanks(scores, 3, 2)], [1 / 2, 1 / 2]);
  });

  it('is the worst of equals, so that a head that says nothing gains nothing', () => {
    assert.deepEqual([...reciprocalRanks(new Float32Array(4), 4, 2)], [1 / 4]);
  });
});

describe('the best heads', () => {
  it('are those with the largest mean, named by layer and head', () => {
    const sums = Float64Array.of(1, 4, 2, 0, 3, 2.5);
    assert.deepEqual(bestHeads(sums, 4, 3, 3), [
      { layer: 0, head: 1, meanReciprocalRank: 1 },
      { layer: 1, head: 1, meanReciprocalRank: 0.75 },
      { layer: 1, head: 2, meanReciprocalRank: 0.625 },
    ]);
  });

  it('are all of them where there are fewer than are wanted', () => {
    assert.equal(bestHeads(new Float64Array(2), 1, 2, 8).length, 2);
  });
});
