import assert from 'node:assert/strict';
import { citations } from '../../server/chat/citations.js';
import type { Evidence } from '../../server/retrieval/source.js';

function evidence(path: string, rank: number): Evidence {
  const range = { part: 0, first: 1, last: 2 };
  return {
    path,
    startLine: 1,
    endLine: 2,
    ranges: [range],
    tokens: 9,
    rank,
    reason: { kind: 'lexical' },
  };
}

describe('citations', () => {
  it('puts what the answer attended to before what ranked a little higher', () => {
    const sources = citations(
      [evidence('a', 0), evidence('b', 1)],
      [0, 1, 1, -1],
      [0.1, 0.4, 0.5, 9],
    );
    assert.deepEqual(
      sources.map(({ path }) => path),
      ['b', 'a'],
    );
  });

  it('adds up to one', () => {
    const sources = citations([evidence('a', 0), evidence('b', 1)], [0, 1], [3, 1]);
    assert.ok(Math.abs(sources.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
  });

  it('goes by rank alone when nothing was decoded', () => {
    const sources = citations([evidence('a', 1), evidence('b', 0)], [0, 1], [0, 0]);
    assert.equal(sources[0]?.path, 'b');
  });
});
