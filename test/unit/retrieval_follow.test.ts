import assert from 'node:assert/strict';
import { followSymbols } from '../../server/retrieval/follow.js';
import { fakeRepository, type Block, type FakeRepository } from './retrieval_fixture.js';

const blocks: Block[] = [
  { path: 'client.ts', text: 'log(start);\nconst delay = backoff(attempt); // retry delay' },
  { path: 'log.ts', text: 'export function log() {}', defines: ['log'] },
  { path: 'backoff.ts', text: 'export function backoff() {}', defines: ['backoff'] },
  { path: 'server.ts', text: 'serve()', defines: ['serve'] },
];

async function followed(
  repository: FakeRepository,
  question: string,
  chosen: number[],
  limit = 3,
): Promise<string[]> {
  const passages = chosen.flatMap((index) => repository.all[index] ?? []);
  const found = await followSymbols(repository, question, passages, limit);
  return found.map(({ passage, name }) => `${name}@${passage.path}`);
}

describe('following symbols', () => {
  it('takes names on lines that share words with the question first', async () => {
    const repository = fakeRepository(blocks, []);
    assert.deepEqual(await followed(repository, 'How long is the retry delay?', [0]), [
      'backoff@backoff.ts',
      'log@log.ts',
    ]);
  });

  it('takes names of the question before names of passages', async () => {
    const repository = fakeRepository(blocks, []);
    assert.deepEqual(await followed(repository, 'What calls serve?', [0], 1), ['serve@server.ts']);
  });

  it('adds nothing that is chosen already', async () => {
    const repository = fakeRepository(blocks, []);
    assert.deepEqual(await followed(repository, 'retry delay', [0, 1, 2]), []);
  });

  it('prefers the definition that the mentioning file imports', async () => {
    const twice: Block[] = [
      { path: 'a.ts', text: 'run()' },
      { path: 'wrong.ts', text: '', defines: ['run'] },
      { path: 'right.ts', text: '', defines: ['run'] },
    ];
    const repository = fakeRepository(twice, [], { 'a.ts': ['right.ts'] });
    assert.deepEqual(await followed(repository, 'x', [0]), ['run@right.ts']);
  });

  it('ignores members that any class may have, in passages and in the question', async () => {
    const members = ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty'];
    const names = [...members, '__init__', 'hashCode'];
    const repository = fakeRepository(
      [
        { path: 'a.ts', text: `class A { ${names.join('() {} ')}() {} open() {} }` },
        ...names.map((name) => ({ path: `${name}.ts`, text: '', defines: [name] })),
        { path: 'open.ts', text: '', defines: ['open'] },
      ],
      [],
    );
    assert.deepEqual(await followed(repository, 'What does toString of A return?', [0], 9), [
      'open@open.ts',
    ]);
  });

  it('ignores names with many definitions', async () => {
    const many: Block[] = [
      { path: 'a.ts', text: 'get()' },
      ...Array.from({ length: 5 }, (_, i) => ({ path: `d${i}.ts`, text: '', defines: ['get'] })),
    ];
    assert.deepEqual(await followed(fakeRepository(many, []), 'x', [0]), []);
  });
});
