import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openRepository } from '../../../server/index/repository.js';
import { segmentKey } from '../../../server/index/plan.js';
import type { OpenOptions, RepositoryIndex } from '../../../server/index/types.js';
import { testFolder, type TestFolder } from '../workspace/folders.js';
import {
  KEY_PARTS,
  openOptions,
  packageFolder,
  testTokenizer,
  type CountingTokenizer,
} from './fixtures.js';

describe('an opened repository', function () {
  this.timeout(30_000);

  let home: TestFolder;
  let folder: TestFolder;
  let tokenizer: CountingTokenizer;
  const opened: RepositoryIndex[] = [];

  beforeEach(() => {
    home = testFolder();
    folder = testFolder({
      'src/limits.ts': 'export const maxRetries = 7;\n',
      'src/client.ts': `import { maxRetries } from './limits.js';\n\nexport function connect(host: string) {\n  return retry(host, maxRetries);\n}\n`,
      'README.md': '# Example\n\nConnects to a host.\n',
      'logo.png': Buffer.from([0x89, 0x50]),
      'odd.ts': Buffer.from([0, 1, 2]),
    });
    tokenizer = testTokenizer();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((index) => index.close()));
    folder.remove();
    home.remove();
  });

  async function open(
    root = folder.root,
    options: Partial<OpenOptions> = {},
  ): Promise<RepositoryIndex> {
    const index = await openRepository({
      ...openOptions(root, home.root, tokenizer.tokenize),
      ...options,
    });
    opened.push(index);
    return index;
  }

  const keptFiles = (): string[] => {
    const [repo = ''] = readdirSync(join(home.root, 'repos'));
    return readdirSync(join(home.root, 'repos', repo)).map((name) =>
      join(home.root, 'repos', repo, name),
    );
  };
  const ids = (index: RepositoryIndex): unknown =>
    index.passages().map(({ id, path, startLine, tokens }) => [id, path, startLine, tokens]);
  const keys = (index: RepositoryIndex): string[] => index.segments().map(({ key }) => key);

  it('knows its files, and of the others why not', async () => {
    const index = await open();
    assert.deepEqual(index.files.map(({ path }) => path).sort(), [
      'README.md',
      'src/client.ts',
      'src/limits.ts',
    ]);
    assert.deepEqual(
      [...index.skipped].sort((a, b) => (a.path < b.path ? -1 : 1)),
      [
        { path: 'logo.png', reason: 'image' },
        { path: 'odd.ts', reason: 'binary' },
      ],
    );
    assert.equal(index.warning, undefined);
  });

  it('plans segments whose tokens are header and text, and whose chunk ends are token ends', async () => {
    const index = await open(packageFolder('ky'));
    let total = 0;
    for (const { path, part, tokens, chunks, key } of index.segments()) {
      const text = readFileSync(join(packageFolder('ky'), path), 'utf8');
      const header = tokenizer.detokenize(tokens.subarray(0, chunks[0]?.tokenEnd));
      assert.equal(header, `<|file_sep|>${path}\n`);
      chunks.slice(1).forEach((chunk, i) => {
        const own = tokens.subarray(chunks[i]?.tokenEnd ?? 0, chunk.tokenEnd);
        assert.equal(tokenizer.detokenize(own), text.slice(chunk.startOffset, chunk.endOffset));
      });
      assert.equal(chunks.at(-1)?.tokenEnd, tokens.length);
      assert.equal(key, segmentKey(KEY_PARTS, path, tokens, chunks));
      // The same text in other chunks lies otherwise in its file.
      assert.notEqual(key, segmentKey(KEY_PARTS, path, tokens, chunks.slice(1)));
      assert.equal(index.segment(path, part)?.key, key);
      total += tokens.length;
    }
    assert.equal(index.totalTokens, total);
  });

  it('gives a passage as text and as tokens, the same', async () => {
    const index = await open(packageFolder('ky'));
    for (const passage of index.passages()) {
      const text = await index.passageText(passage);
      const tokens = index.tokensOf(passage.path, passage);
      assert.equal(tokenizer.detokenize(tokens), text);
      assert.equal(tokens.length, passage.tokens);
      assert.equal(await index.lines(passage.path, passage.startLine, passage.endLine), text);
      assert.equal(index.passageAt(passage.path, passage.startLine)?.id, passage.id);
    }
  });

  it('finds passages, definitions and imports', async () => {
    const index = await open();
    const [best] = await index.search('how many retries at most?', 3);
    assert.equal(best?.passage.path, 'src/limits.ts');
    assert.deepEqual(index.definitionsOf('connect'), [
      { name: 'connect', kind: 'function', path: 'src/client.ts', startLine: 3, endLine: 5 },
    ]);
    assert.deepEqual(index.importsOf('src/client.ts'), ['src/limits.ts']);
    const written = "import { client } from './client.js';\n"; // and not saved
    assert.deepEqual(index.importsOf('src/new.ts', written), ['src/client.ts']);
    assert.deepEqual(index.importsOf('src/limits.ts', written), ['src/client.ts']);
  });

  it('opens again without tokenising, with the same keys, ids and answers', async () => {
    const root = packageFolder('pino');
    const first = await open(root);
    const found = await first.search('redact paths', 5);
    await first.close();
    tokenizer.texts = 0;
    const second = await open(root);
    assert.equal(tokenizer.texts, 0);
    assert.deepEqual(keys(second), keys(first));
    assert.deepEqual(ids(second), ids(first));
    assert.deepEqual(await second.search('redact paths', 5), found);
  });

  it('tokenises again, and cuts alike, for another tokeniser', async () => {
    const first = await open();
    await first.close();
    tokenizer.texts = 0;
    const second = await open(folder.root, { keyParts: { ...KEY_PARTS, tokenizer: 'other' } });
    assert.ok(tokenizer.texts > 0);
    assert.deepEqual(ids(second), ids(first));
    assert.notDeepEqual(keys(second), keys(first));
  });

  it('on refresh works on changed files only and says what changed', async () => {
    const index = await open();
    const before = keys(index);
    const kept = index.segmentsOf('src/client.ts')[0]?.key;
    tokenizer.texts = 0;
    assert.deepEqual(await index.refresh(), { added: [], changed: [], removed: [], renamed: [] });
    assert.equal(tokenizer.texts, 0);
    folder.write('src/limits.ts', 'export const maxRetries = 8;\n');
    folder.write('src/new.ts', 'export const fresh = 1;\n');
    rmSync(join(folder.root, 'README.md'));
    assert.deepEqual(await index.refresh(), {
      added: ['src/new.ts'],
      changed: ['src/limits.ts'],
      removed: ['README.md'],
      renamed: [],
    });
    assert.equal(tokenizer.texts, 2);
    assert.equal(index.segmentsOf('src/client.ts')[0]?.key, kept);
    assert.deepEqual(index.segmentsOf('README.md'), []);
    assert.equal(
      (await index.search('connects to a host', 9)).filter(
        ({ passage }) => passage.path === 'README.md',
      ).length,
      0,
    );
    assert.equal((await index.search('fresh', 1))[0]?.passage.path, 'src/new.ts');
    assert.ok(before.includes(index.previousSegments('src/limits.ts')[0]?.key ?? ''));
  });

  it('answers searches while it lists a large folder', async () => {
    const files = Array.from({ length: 3000 }, (_, i) => [`src/${i}.ts`, `export const v = ${i};`]);
    const large = testFolder(Object.fromEntries(files) as Record<string, string>, { git: true });
    const index = await open(large.root);
    let isDone = false;
    const refreshed = index.refresh().finally(() => (isDone = true));
    let answered = 0;
    while (!isDone) {
      await index.search('export', 5);
      answered++;
    }
    await refreshed;
    large.remove();
    // Two have their turn between what was listed and what was sent of it.
    assert.ok(answered > 5, `${answered} searches`);
  });

  it('sees a change that keeps size and second', async () => {
    const index = await open();
    folder.write('src/limits.ts', 'export const maxRetries = 9;\n');
    assert.deepEqual((await index.refresh()).changed, ['src/limits.ts']);
    folder.write('src/limits.ts', 'export const maxRetries = 7;\n');
    assert.deepEqual((await index.refresh()).changed, ['src/limits.ts']);
  });

  it('takes a file for what it is said to hold until the next refresh', async () => {
    const paths = async (index: RepositoryIndex, query: string): Promise<string[]> =>
      (await index.search(query, 9)).map(({ passage }) => passage.path);
    const index = await open();
    const { key } = index.segmentsOf('src/limits.ts')[0]!;
    const text = 'export const leastPatience = 3;\n';
    const texts = new Map([['src/limits.ts', text]]);
    assert.deepEqual((await index.refresh({ texts })).changed, ['src/limits.ts']);
    assert.equal(await index.lines('src/limits.ts', 1, 1), text);
    assert.deepEqual(await paths(index, 'leastPatience'), ['src/limits.ts']);
    assert.deepEqual(index.definitionsOf('maxRetries'), []);
    assert.deepEqual(await paths(index, 'maxRetries'), ['src/client.ts']);
    await index.close();

    const again = await open();
    assert.equal(again.segmentsOf('src/limits.ts')[0]?.key, key);
    assert.deepEqual((await again.refresh({ texts })).changed, ['src/limits.ts']);
    assert.deepEqual((await again.refresh()).changed, ['src/limits.ts']);
    assert.equal(again.segmentsOf('src/limits.ts')[0]?.key, key);
    assert.deepEqual(await paths(again, 'leastPatience'), []);
  });

  it('recognises a renamed file and remembers its segments, also over a restart', async () => {
    const first = await open();
    const old = first.segmentsOf('src/limits.ts')[0]?.key;
    await first.close();
    renameSync(join(folder.root, 'src/limits.ts'), join(folder.root, 'src/bounds.ts'));
    tokenizer.texts = 0;
    const second = await open();
    assert.equal(tokenizer.texts, 0);
    assert.equal(second.previousSegments('src/bounds.ts')[0]?.key, old);
    assert.notEqual(second.segmentsOf('src/bounds.ts')[0]?.key, old);
    await second.close();
    const third = await open();
    assert.equal(third.previousSegments('src/bounds.ts')[0]?.key, old);
  });

  it('has the old key again when a change is taken back', async () => {
    const index = await open();
    const key = index.segmentsOf('src/limits.ts')[0]?.key;
    folder.write('src/limits.ts', 'export const other = 1;\n');
    await index.refresh();
    folder.write('src/limits.ts', 'export const maxRetries = 7;\n');
    await index.refresh();
    assert.equal(index.segmentsOf('src/limits.ts')[0]?.key, key);
  });

  it('refuses the text of a file that changed since, in one sentence', async () => {
    const index = await open();
    appendFileSync(join(folder.root, 'src/limits.ts'), '// more\n');
    await assert.rejects(index.lines('src/limits.ts', 1, 1), {
      code: 'stale',
      message: 'src/limits.ts changed after it was indexed. Refresh the index and ask again.',
    });
  });

  it('is kept with modes that only the user can read', async () => {
    await (await open()).close();
    for (const file of keptFiles()) {
      assert.equal(statSync(file).mode & 0o077, 0, file);
    }
    assert.equal(statSync(join(keptFiles()[0] ?? '', '..')).mode & 0o077, 0);
  });

  for (const [damage, spoil] of [
    [
      'a flipped byte',
      (bytes: Buffer) =>
        bytes.fill(bytes.at(-3) === 65 ? 66 : 65, bytes.length - 3, bytes.length - 2),
    ],
    ['a missing end', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    [
      'a newer version',
      (bytes: Buffer) =>
        Buffer.from(bytes.toString('latin1').replace(/version \d+/, 'version 99'), 'latin1'),
    ],
    ['nothing left', () => Buffer.alloc(0)],
  ] as const) {
    it(`is built anew where what was kept has ${damage}`, async () => {
      const first = await open();
      await first.close();
      for (const file of keptFiles()) {
        const bytes = readFileSync(file);
        writeFileSync(file, spoil(Buffer.from(bytes)));
        const again = await open();
        assert.deepEqual(keys(again), keys(first), file);
        assert.equal((await again.search('retries', 1)).length, 1);
        await again.close();
      }
    });
  }

  it('works, and says so, where nothing can be kept', async () => {
    writeFileSync(join(home.root, 'repos'), 'a file in the way');
    const index = await open();
    assert.equal(index.files.length, 3);
    assert.match(index.warning ?? '', /could not be kept in .*; it works/);
  });

  it('opens an empty folder', async () => {
    const empty = testFolder();
    const index = await open(empty.root);
    assert.deepEqual([index.files, index.skipped, index.totalTokens], [[], [], 0]);
    assert.deepEqual(await index.search('anything', 5), []);
    empty.remove();
  });

  it('rejects for a folder that does not exist', async () => {
    await assert.rejects(open(join(folder.root, 'nowhere')), /nowhere: it does not exist/);
  });

  it('can be given up while it opens, and then opened', async () => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    const root = packageFolder('pino');
    await assert.rejects(open(root, { signal: controller.signal, onProgress }), /enough/);
    assert.ok((await open(root)).files.length > 100);
  });

  it('keeps its state when a refresh is given up', async () => {
    const index = await open();
    const before = keys(index);
    folder.write('src/limits.ts', 'export const other = 1;\n');
    const controller = new AbortController();
    const refresh = index.refresh({
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await assert.rejects(refresh, /enough/);
    assert.deepEqual(keys(index), before);
    assert.deepEqual((await index.refresh()).changed, ['src/limits.ts']);
  });

  it('reports a failing tokeniser and goes on with the next refresh', async () => {
    const index = await open(folder.root, {
      tokenize: (texts, special) =>
        texts.some((text) => text.includes('poison'))
          ? Promise.reject(new Error('no tokens today'))
          : tokenizer.tokenize(texts, special),
    });
    folder.write('src/bad.ts', 'poison\n');
    await assert.rejects(index.refresh(), /no tokens today/);
    folder.write('src/bad.ts', 'fine\n');
    assert.deepEqual((await index.refresh()).added, ['src/bad.ts']);
  });

  it('serves two processes on one home', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    folder.write('src/limits.ts', 'export const maxRetries = 8;\n');
    await Promise.all([a.refresh(), b.refresh()]);
    await Promise.all([a.close(), b.close()]);
    const again = await open();
    assert.deepEqual(keys(again), keys(a));
    assert.ok(existsSync(join(home.root, 'repos')));
    assert.deepEqual(
      keptFiles().filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});
