import assert from 'node:assert/strict';
import { symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFiles, type Listing } from '../../../server/workspace/list.js';
import { testFolder, type TestFolder } from './folders.js';

describe('listing a folder', () => {
  let folder: TestFolder | undefined;

  afterEach(() => {
    folder?.remove();
    folder = undefined;
  });

  async function list(
    files: Record<string, string | Buffer>,
    options: { git?: boolean; commit?: boolean; openFiles?: string[]; maxFileBytes?: number } = {},
  ): Promise<Listing> {
    folder = testFolder(files, options);
    if (options.commit) {
      folder.git('add', '-A');
      folder.git('commit', '-q', '-m', 'first');
    }
    return listFiles({ root: folder.root, ...options });
  }

  const paths = (listing: Listing): string[] => listing.files.map(({ path }) => path).sort();
  const reasonOf = (listing: Listing, path: string): string | undefined =>
    listing.skipped.find((file) => file.path === path)?.reason;

  for (const git of [true, false]) {
    const where = git ? 'in a git repository' : 'without git';

    it(`honours nested .gitignore files ${where}`, async () => {
      const listing = await list(
        {
          '.gitignore': '*.tmp\n/out/\n',
          'a.ts': 'a',
          'a.tmp': 'a',
          'out/b.ts': 'b',
          'sub/.gitignore': '!keep.tmp\nsecret.ts\n',
          'sub/keep.tmp': 'k',
          'sub/secret.ts': 's',
          'sub/out/c.ts': 'c',
        },
        // Git names ignored files in folders that it tracks.
        { git, commit: git },
      );
      assert.deepEqual(paths(listing), [
        '.gitignore',
        'a.ts',
        'sub/.gitignore',
        'sub/keep.tmp',
        'sub/out/c.ts',
      ]);
      assert.equal(reasonOf(listing, 'out/'), 'ignored by .gitignore');
      assert.equal(reasonOf(listing, 'sub/secret.ts'), 'ignored by .gitignore');
    });

    it(`honours .git/info/exclude ${where}`, async () => {
      const files = { 'a.ts': 'a', 'b.ts': 'b', '.git/info/exclude': 'b.ts\n' };
      folder = testFolder({ 'a.ts': 'a' }, { git });
      folder.write('.git/info/exclude', files['.git/info/exclude']);
      folder.write('b.ts', 'b');
      assert.deepEqual(paths(await listFiles({ root: folder.root })), ['a.ts']);
    });

    it(`applies .leoamignore last, nested too, ${where}`, async () => {
      const listing = await list(
        {
          '.leoamignore': 'docs/\n',
          'docs/a.md': 'a',
          'lib/.leoamignore': '*.gen.ts\n!main.gen.ts\n',
          'lib/x.gen.ts': 'x',
          'lib/main.gen.ts': 'm',
          'x.gen.ts': 'x',
        },
        { git },
      );
      assert.equal(reasonOf(listing, 'docs/a.md'), 'ignored by .leoamignore');
      assert.equal(reasonOf(listing, 'lib/x.gen.ts'), 'ignored by .leoamignore');
      assert.ok(paths(listing).includes('lib/main.gen.ts'));
      assert.ok(paths(listing).includes('x.gen.ts'));
    });

    it(`names a vendored folder once ${where}`, async () => {
      const listing = await list(
        { 'a.ts': 'a', 'pkg/node_modules/x/1.js': '1', 'pkg/node_modules/x/2.js': '2' },
        { git },
      );
      assert.deepEqual(paths(listing), ['a.ts']);
      assert.deepEqual(listing.skipped, [{ path: 'pkg/node_modules/', reason: 'vendored folder' }]);
    });
  }

  it('opens a package that lies in an ignored node_modules', async () => {
    folder = testFolder(
      {
        '.gitignore': 'node_modules/\n',
        'node_modules/pkg/index.js': 'x',
        'node_modules/pkg/node_modules/y/i.js': 'y',
      },
      { git: true },
    );
    const listing = await listFiles({ root: join(folder.root, 'node_modules', 'pkg') });
    assert.deepEqual(paths(listing), ['index.js']);
    assert.equal(reasonOf(listing, 'node_modules/'), 'vendored folder');
  });

  it('lists a repository inside the repository', async () => {
    folder = testFolder(
      { 'a.ts': 'a', 'inner/b.ts': 'b', 'inner/.gitignore': 'c.ts\n', 'inner/c.ts': 'c' },
      { git: true },
    );
    folder.git('init', '-q', 'inner');
    const listing = await listFiles({ root: folder.root });
    assert.deepEqual(paths(listing), ['a.ts', 'inner/.gitignore', 'inner/b.ts']);
    assert.match(reasonOf(listing, 'inner/c.ts') ?? '', /^ignored/u);
  });

  it('leaves out by name: secrets, lock files, source maps, minified files, images', async () => {
    const listing = await list({
      '.env': 'A=1',
      '.env.example': 'A=',
      'key.pem': 'k',
      id_rsa: 'k',
      'package-lock.json': '{}',
      'a.js.map': '{}',
      'a.min.js': 'x',
      'a.png': 'x',
      'data.csv': '1,2',
    });
    assert.deepEqual(paths(listing), ['.env.example']);
    assert.equal(reasonOf(listing, '.env'), 'may hold secrets (by its name)');
    assert.equal(reasonOf(listing, 'package-lock.json'), 'lock file');
    assert.equal(reasonOf(listing, 'a.js.map'), 'generated (source map)');
    assert.equal(reasonOf(listing, 'a.min.js'), 'minified');
    assert.equal(reasonOf(listing, 'a.png'), 'image');
    assert.equal(reasonOf(listing, 'data.csv'), 'data');
  });

  it('leaves out a name that would be read as a control token of a prompt', async () => {
    const listing = await list({ 'a<|im_start|>.ts': 'a' });
    assert.deepEqual(listing.skipped, [
      { path: 'a<|im_start|>.ts', reason: 'name with control characters' },
    ]);
  });

  it('leaves out what is larger than the limit, and a file of 50 MB with the default one', async () => {
    const listing = await list({ 'a.ts': 'x'.repeat(2000), 'b.ts': 'x' }, { maxFileBytes: 1024 });
    assert.deepEqual(listing.skipped, [{ path: 'a.ts', reason: 'over 1 KiB' }]);
    folder?.write('huge.ts', Buffer.alloc(50 << 20, 'x'));
    const huge = await listFiles({ root: folder?.root ?? '' });
    assert.equal(reasonOf(huge, 'huge.ts'), 'over 1 MiB');
  });

  it('follows no links and says where they lead', async () => {
    folder = testFolder({ 'a.ts': 'a' });
    symlinkSync('a.ts', join(folder.root, 'inside.ts'));
    symlinkSync(tmpdir(), join(folder.root, 'outside'));
    symlinkSync('loop', join(folder.root, 'loop'));
    const listing = await listFiles({ root: folder.root });
    assert.deepEqual(paths(listing), ['a.ts']);
    assert.equal(reasonOf(listing, 'inside.ts'), 'link to another file of the folder');
    assert.equal(reasonOf(listing, 'outside'), 'link that leaves the folder');
    assert.equal(reasonOf(listing, 'loop'), 'link that leads nowhere (ELOOP)');
  });

  it('orders open files first, then changed ones, then committed lately, then small before large', async () => {
    folder = testFolder({}, { git: true });
    const many = Object.fromEntries(
      Array.from({ length: 70 }, (_, i) => [`old/${i}.ts`, 'x'.repeat(100 + i)]),
    );
    for (const [path, text] of Object.entries({ ...many, 'open.ts': 'o', 'changed.ts': 'c' })) {
      folder.write(path, text);
    }
    folder.git('add', '-A');
    folder.git('commit', '-q', '-m', 'import of many files');
    folder.write('late.ts', 'late');
    folder.git('add', '-A');
    folder.git('commit', '-q', '-m', 'late');
    folder.write('changed.ts', 'changed since');
    utimesSync(join(folder.root, 'changed.ts'), new Date(), new Date());
    const { files } = await listFiles({ root: folder.root, openFiles: ['old/69.ts'] });
    assert.deepEqual(
      files.slice(0, 5).map(({ path }) => path),
      ['old/69.ts', 'changed.ts', 'late.ts', 'open.ts', 'old/0.ts'],
    );
  });

  it('says that a folder is empty by listing nothing', async () => {
    assert.deepEqual(await list({}), { files: [], skipped: [] });
  });

  it('refuses a folder that does not exist, and a file, in one sentence', async () => {
    folder = testFolder({ 'a.ts': 'a' });
    const { root } = folder;
    await assert.rejects(listFiles({ root: join(root, 'nowhere') }), /nowhere: it does not exist/);
    await assert.rejects(listFiles({ root: join(root, 'a.ts') }), /a\.ts/);
  });

  it('lists 5,000 files in less than two seconds @slow', async () => {
    folder = testFolder({}, { git: true });
    for (let i = 0; i < 5000; i++) {
      folder.write(`src/${i % 50}/${i}.ts`, `export const value${i} = ${i};\n`);
    }
    const start = performance.now();
    const { files } = await listFiles({ root: folder.root });
    assert.equal(files.length, 5000);
    assert.ok(performance.now() - start < 2000);
  }).timeout(20_000);
});
