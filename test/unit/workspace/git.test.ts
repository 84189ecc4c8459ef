import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gitFiles, recentlyCommitted } from '../../../server/workspace/git.js';
import { listFiles } from '../../../server/workspace/list.js';
import { armRepository } from './armed.js';
import { testFolder, type TestFolder } from './folders.js';

/** Later than the index, so that nothing hides behind equal times. */
function touch(folder: TestFolder, path: string): void {
  const later = new Date(Date.now() + 5_000);
  utimesSync(join(folder.root, path), later, later);
}

describe('what git knows of a folder', () => {
  let folder: TestFolder;

  beforeEach(() => {
    const files = { 'a.ts': 'const a = 1;\n', 'b.ts': 'const b = 2;\n', 'c d.ts': 'c();\n' };
    folder = testFolder(files, { git: true });
    folder.git('add', '.');
    folder.git('commit', '-qm', 'first');
  });

  afterEach(() => folder.remove());

  const modified = async (): Promise<string[]> =>
    [...((await gitFiles(folder.root))?.modified ?? [])].sort();

  it('calls an edited and an untracked file modified, and no other', async () => {
    folder.write('a.ts', 'const a = 10;\n');
    folder.write('new.ts', 'const n = 1;\n');
    assert.deepEqual(await modified(), ['a.ts', 'new.ts']);
    assert.deepEqual([...((await gitFiles(folder.root))?.paths ?? [])].sort(), [
      'a.ts',
      'b.ts',
      'c d.ts',
      'new.ts',
    ]);
  });

  it('sees an edit that keeps the size', async () => {
    folder.write('b.ts', 'const b = 3;\n');
    touch(folder, 'b.ts');
    assert.deepEqual(await modified(), ['b.ts']);
  });

  it('does not call a file modified that was only touched', async () => {
    touch(folder, 'b.ts');
    touch(folder, 'c d.ts');
    assert.deepEqual(await modified(), []);
  });

  it('calls a file in conflict modified, and lists it once', async () => {
    folder.git('checkout', '-qb', 'other');
    folder.write('a.ts', 'const a = 3;\n');
    folder.git('commit', '-qam', 'other');
    folder.git('checkout', '-q', '-');
    folder.write('a.ts', 'const a = 4;\n');
    folder.git('commit', '-qam', 'ours');
    try {
      folder.git('merge', '-q', 'other');
    } catch {
      // The conflict that is wanted.
    }
    assert.deepEqual(await modified(), ['a.ts']);
    assert.equal((await gitFiles(folder.root))?.paths.filter((path) => path === 'a.ts').length, 1);
  });

  it('lists a deleted file as tracked, and not as modified', async () => {
    rmSync(join(folder.root, 'a.ts'));
    assert.deepEqual(await modified(), []);
    assert.ok((await listFiles({ root: folder.root })).files.every(({ path }) => path !== 'a.ts'));
  });

  it('puts what was committed last first', async () => {
    folder.write('b.ts', 'const b = 20;\n');
    folder.git('commit', '-qam', 'second');
    assert.equal((await recentlyCommitted(folder.root)).get('b.ts'), 0);
  });
});

describe('a folder whose .git/config names programs', () => {
  let folder: TestFolder;
  let markers: TestFolder;

  beforeEach(() => {
    markers = testFolder();
    folder = testFolder({ 'a.ts': 'const a = 1;\n', 'b.ts': 'const b = 2;\n' }, { git: true });
    folder.git('add', '.');
    folder.git('commit', '-qm', 'first');
  });

  afterEach(() => {
    folder.remove();
    markers.remove();
  });

  it('gets none of them started', async () => {
    armRepository(folder.root, markers.root);
    folder.write('a.ts', 'const a = 2;\n');
    touch(folder, 'a.ts');
    const listing = await listFiles({ root: folder.root });
    assert.deepEqual(listing.files.map(({ path }) => path).sort(), [
      '.gitattributes',
      'a.ts',
      'b.ts',
    ]);
    assert.deepEqual(readdirSync(markers.root), []);
  });

  it('gets none of them started where objects are missing that a remote has', async () => {
    armRepository(folder.root, markers.root);
    loseTree(folder);
    assert.equal((await recentlyCommitted(folder.root)).size, 0);
    await listFiles({ root: folder.root });
    assert.deepEqual(readdirSync(markers.root), []);
  });

  it('would get them started by a git that is not held back', function () {
    if (process.platform === 'win32') {
      console.log('skipped: the programs are shell scripts');
      this.skip();
    }
    armRepository(folder.root, markers.root);
    folder.write('a.ts', 'const a = 3;\n');
    touch(folder, 'a.ts');
    const log = ['log', '-n', '1'];
    for (const args of [['ls-files', '-m'], log, [...log, '--name-only']]) {
      if (args.includes('--name-only')) {
        loseTree(folder);
      }
      try {
        execFileSync('git', ['-C', folder.root, ...args], { stdio: 'ignore' });
      } catch {
        // The programs do nothing that git could use.
      }
    }
    const started = readdirSync(markers.root);
    for (const name of ['process', 'fsmonitor', 'gpg', 'remote']) {
      assert.ok(started.includes(name), `${name} is not armed: ${started.join()}`);
    }
  });
});

/** Removes the tree of the last commit, as a partial clone may lack it. */
function loseTree(folder: TestFolder): void {
  const asked = ['-C', folder.root, 'rev-parse', 'HEAD^{tree}'];
  const oid = execFileSync('git', asked, { encoding: 'utf8' }).trim();
  const object = join(folder.root, '.git', 'objects', oid.slice(0, 2), oid.slice(2));
  rmSync(object, { force: true });
}
