import assert from 'node:assert/strict';
import type { SegmentPlan } from '../../server/index/types.js';
import { filesThatFit } from '../../server/retrieval/wholeFiles.js';
import { fakeRepository } from './retrieval_fixture.js';

const source = (hits: number[]): ReturnType<typeof fakeRepository> =>
  fakeRepository(
    ['a.ts', 'b.ts', 'c.ts', 'd.ts'].map((path) => ({ path, text: path })),
    hits,
  );

function segment(path: string, part: number, tokens: number): SegmentPlan {
  const chunks = [{ tokenEnd: 10, startLine: 1, endLine: 1, startOffset: 0, endOffset: 1 }];
  return { path, part, key: `${path} ${part}`, tokens: new Int32Array(tokens), chunks };
}

const segments = [
  segment('a.ts', 0, 100),
  segment('b.ts', 0, 300),
  segment('b.ts', 1, 300),
  segment('c.ts', 0, 200),
  segment('d.ts', 0, 50),
];

const chosen = async (
  hits: number[],
  room: number,
  mentioned: string[] = [],
): Promise<string[]> => {
  const asked = { question: 'question', mentioned };
  return (await filesThatFit(source(hits), asked, segments, room)).map(({ key }) => key);
};

describe('the files of a large repository that fit the window', () => {
  it('are those that hold the best passages, the best next to the question', async () => {
    assert.deepEqual(await chosen([2, 1], 850), ['d.ts 0', 'b.ts 0', 'b.ts 1', 'c.ts 0']);
  });

  it('are first of all those that are named beside the question', async () => {
    assert.deepEqual(await chosen([2, 1], 160, ['a.ts']), ['d.ts 0', 'a.ts 0']);
  });

  it('are whole, and smaller ones go in where a large one has no room', async () => {
    assert.deepEqual(await chosen([1, 3], 400), ['c.ts 0', 'a.ts 0', 'd.ts 0']);
  });

  it('follow each other as before where no word of the question is found', async () => {
    assert.deepEqual(await chosen([], 160), ['d.ts 0', 'a.ts 0']);
  });
});
