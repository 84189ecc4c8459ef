import assert from 'node:assert/strict';
import { isMentioned } from '../../server/retrieval/mentioned.js';
import { defaultSelection, selectWorkingSet } from '../../server/retrieval/workingSet.js';
import { fakeRepository, type Block } from './retrieval_fixture.js';

const blocks: Block[] = [
  { path: 'src/a.ts', text: 'one' },
  { path: 'src/b.ts', text: 'two' },
  { path: 'lib/c.ts', text: 'three' },
  { path: 'lib/d.ts', text: 'four' },
  { path: 'lib/e.ts', text: 'five' },
  { path: 'srcs.ts', text: 'six' },
];

async function paths(hits: number[], mentioned: string[]): Promise<string[]> {
  const options = { ...defaultSelection, order: 'best-first', follow: 0, mentioned } as const;
  const { evidence } = await selectWorkingSet(fakeRepository(blocks, hits), 'question', options);
  return evidence.map(({ path }) => path);
}

describe('files that the user has named', () => {
  it('come first, and the two best others stay', async () => {
    const chosen = await paths([2, 3, 1, 4], ['src/b.ts']);
    assert.deepEqual(chosen, ['src/b.ts', 'lib/c.ts', 'lib/d.ts']);
  });

  it('take part even where no word of the question stands in them', async () => {
    assert.deepEqual(await paths([2], ['src/']), ['src/a.ts', 'src/b.ts', 'lib/c.ts']);
  });

  it('are told apart from others whose path begins alike', () => {
    assert.ok(isMentioned('src/a.ts', ['src/']));
    assert.ok(!isMentioned('srcs.ts', ['src/']));
    assert.ok(!isMentioned('src/a.ts', ['src/a']));
  });
});
