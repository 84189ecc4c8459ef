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
  from?: string,
): Promise<string[]> {
  const passages = chosen.flatMap((index) => repository.all[index] ?? []);
  const found = await followSymbols(repository, question, passages, limit, from);
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
    for (const question of ['What does serve() call?', 'What calls `serve`?']) {
      assert.deepEqual(await followed(repository, question, [0], 1), ['serve@server.ts']);
    }
  });

  it('takes a plain word of the question for little more than a word', async () => {
    const repository = fakeRepository(
      [
        { path: 'wait.ts', text: 'const ms = retryDelay(attempt); // wait before the retry' },
        { path: 'delay.ts', text: 'export function retryDelay() {}', defines: ['retryDelay'] },
        { path: 'server.ts', text: 'serve() {}', defines: ['serve'] },
      ],
      [],
    );
    assert.deepEqual(await followed(repository, 'How long does a retry wait to serve?', [0]), [
      'retryDelay@delay.ts',
      'serve@server.ts',
    ]);
  });

  it('takes a plain word of a passage behind other names', async () => {
    const repository = fakeRepository(
      [
        {
          path: 'route.ts',
          text: 'if (routes.has(name)) retry()\nthrow new DUPLICATE_NAME() // retry',
        },
        { path: 'set.ts', text: 'has() {}', defines: ['has'] },
        { path: 'errors.ts', text: 'DUPLICATE_NAME: 409', defines: ['DUPLICATE_NAME'] },
      ],
      [],
    );
    assert.deepEqual(await followed(repository, 'When is there a retry?', [0]), [
      'DUPLICATE_NAME@errors.ts',
      'has@set.ts',
    ]);
  });

  it('takes an entry of a table only from a line that the question is about', async () => {
    const repository = fakeRepository(
      [
        { path: 'a.ts', text: 'this[kState] = 1\nif (retry) throw new ERR_TWICE()' },
        { path: 'symbols.ts', text: '', defines: ['kState'], kind: 'property' },
        { path: 'errors.ts', text: '', defines: ['ERR_TWICE'], kind: 'property' },
      ],
      [],
    );
    assert.deepEqual(await followed(repository, 'When is there a retry?', [0]), [
      'ERR_TWICE@errors.ts',
    ]);
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

  it('prefers, of names of the question, what the file imports that it stands in', async () => {
    const many: Block[] = [
      { path: 'a.ts', text: '' },
      ...Array.from({ length: 6 }, (_, i) => ({ path: `d${i}.ts`, text: '', defines: ['run'] })),
    ];
    const repository = fakeRepository(many, [], { 'a.ts': ['d4.ts'] });
    assert.deepEqual(await followed(repository, 'run()', [], 3, 'a.ts'), ['run@d4.ts']);
    assert.deepEqual(await followed(repository, 'run()', []), []); // it may be any of them
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
