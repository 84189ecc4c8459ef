import assert from 'node:assert/strict';
import { fuseRankings, rankByScores } from '../../server/retrieval/fusion.js';

const itself = (value: number): number => value;

describe('fusion of rankings', () => {
  it('puts what both rankings place high before what only one does', () => {
    assert.deepEqual(
      fuseRankings(
        [
          [1, 2, 3],
          [4, 2, 5],
        ],
        itself,
      )[0],
      2,
    );
  });

  it('keeps the order of the first ranking between equals', () => {
    assert.deepEqual(
      fuseRankings(
        [
          [7, 8],
          [8, 7],
        ],
        itself,
      ),
      [7, 8],
    );
  });

  it('keeps an item that one ranking lacks', () => {
    assert.deepEqual(fuseRankings([[1, 2], [1]], itself), [1, 2]);
  });

  it('leaves out items without a score', () => {
    assert.deepEqual(rankByScores(['a', 'b', 'c'], [0.1, NaN, 0.5]), ['c', 'a']);
  });
});
