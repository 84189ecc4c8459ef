import assert from 'node:assert/strict';
import type { WorkingSet } from '../../server/retrieval/source.js';
import {
  defaultSelection,
  joinRanges,
  needsRepair,
  selectWorkingSet,
  type SelectionOptions,
} from '../../server/retrieval/workingSet.js';
import { fakeRepository, type Block } from './retrieval_fixture.js';

const blocks: Block[] = [
  { path: 'z.ts', text: 'one' },
  { path: 'z.ts', text: 'two' },
  { path: 'a.ts', text: 'uses helper' },
  { path: 'z.ts', text: 'four' },
  { path: 'h.ts', text: 'helper', defines: ['helper'] },
];

function select(hits: number[], options: Partial<SelectionOptions> = {}): Promise<WorkingSet> {
  return selectWorkingSet(fakeRepository(blocks, hits), 'question', {
    ...defaultSelection,
    order: 'best-first',
    ...options,
  });
}

function places({ evidence }: WorkingSet): string[] {
  return evidence.map(({ path, startLine, endLine }) => `${path}:${startLine}-${endLine}`);
}

describe('working set', () => {
  it('joins passages that follow each other in a file, whichever ranks first', async () => {
    const set = await select([1, 2, 0], { follow: 0 });
    assert.deepEqual(places(set), ['z.ts:1-20', 'a.ts:1-10']);
    assert.deepEqual(set.evidence[0]?.ranges, [{ part: 0, first: 1, last: 3 }]);
  });

  it('adds definitions behind the passages and says of what', async () => {
    const set = await select([2]);
    assert.deepEqual(set.evidence.at(-1)?.reason, { kind: 'definition', name: 'helper' });
  });

  it('adds definitions of what is named besides, and looks for no passage with that', async () => {
    const repository = fakeRepository(blocks, [0]);
    const asked: string[] = [];
    const search = repository.search.bind(repository);
    repository.search = (question, limit) => {
      asked.push(question);
      return search(question, limit);
    };
    const options = { ...defaultSelection, alsoNamed: "import { helper } from './h.js';" };
    const set = await selectWorkingSet(repository, 'question', options);
    assert.deepEqual(asked, ['question']);
    assert.ok(set.evidence.some(({ reason }) => reason.kind === 'definition'));
  });

  it('leaves out passages that score far below the best', async () => {
    const set = await select([0, 2, 4], { peakShare: 0.95, follow: 0 });
    assert.deepEqual(places(set), ['z.ts:1-10']);
  });

  it('keeps the first passage even where the budget is too small, and drops the rest', async () => {
    const set = await select([0, 2, 4], { maxTokens: 50, follow: 0 });
    assert.deepEqual(places(set), ['z.ts:1-10']);
  });

  it('puts the best passage last by default', async () => {
    const set = await select([0, 2], { order: defaultSelection.order, follow: 0 });
    assert.deepEqual(places(set), ['a.ts:1-10', 'z.ts:1-10']);
    assert.deepEqual(
      set.evidence.map(({ rank }) => rank),
      [1, 0],
    );
  });

  it('orders by path when asked, and keeps the rank', async () => {
    const set = await select([0, 2], { order: 'path', follow: 0 });
    assert.deepEqual(places(set), ['a.ts:1-10', 'z.ts:1-10']);
    assert.deepEqual(
      set.evidence.map(({ rank }) => rank),
      [1, 0],
    );
  });

  it('lets the heads lift a passage only when asked or from eight passages up', async () => {
    const repository = fakeRepository(blocks, [0, 2, 4]);
    const heads = async (): Promise<number[]> => [0, 0.1, 9];
    const top = async (options: Partial<SelectionOptions>): Promise<string | undefined> => {
      const all: SelectionOptions = {
        ...defaultSelection,
        order: 'best-first',
        follow: 0,
        passages: 2,
        ...options,
      };
      const set = await selectWorkingSet(repository, 'q', all, heads);
      return set.evidence.map(({ path }) => path).join(' ');
    };
    assert.equal(await top({}), 'z.ts a.ts');
    assert.equal(await top({ heads: 'on' }), 'z.ts h.ts');
    assert.match((await top({ passages: 8 })) ?? '', /h\.ts a\.ts/);
  });

  it('wants repair only where several files take part', async () => {
    assert.equal(needsRepair(await select([0, 3], { follow: 0 })), false);
    assert.equal(needsRepair(await select([0, 2], { follow: 0 })), true);
  });

  it('joins overlapping chunk ranges of one segment only', () => {
    assert.deepEqual(
      joinRanges([
        { part: 1, first: 3, last: 5 },
        { part: 0, first: 4, last: 6 },
        { part: 0, first: 1, last: 4 },
      ]),
      [
        { part: 0, first: 1, last: 6 },
        { part: 1, first: 3, last: 5 },
      ],
    );
  });
});
