import assert from 'node:assert/strict';
import { findPaths } from '../../../server/index/find.js';
import type { FileEntry } from '../../../server/index/types.js';

const files = ['src/http/retry.ts', 'src/http/request.ts', 'src/limits.ts', 'README.md'].map(
  (path): FileEntry => ({ path, bytes: 1, mtimeMs: 0, hash: '', lines: 1, tokens: 10 }),
);

const find = (query: string): string[] => findPaths({ files }, query, 3).map(({ path }) => path);

describe('finding a path by its letters', () => {
  it('ranks a name that begins with them before one that holds them', () => {
    assert.deepEqual(
      find('re').slice(0, 2),
      ['retry.ts', 'README.md'].map((name) => (name === 'README.md' ? name : `src/http/${name}`)),
    );
  });

  it('finds folders, with the tokens of all that lies in them', () => {
    const [folder] = findPaths({ files }, 'http', 1);
    assert.deepEqual(folder, { kind: 'folder', path: 'src/http/', tokens: 20 });
  });

  it('takes letters in order, in upper case and with backslashes as well', () => {
    assert.equal(find('SRC\\lim')[0], 'src/limits.ts');
    assert.equal(find('shrt')[0], 'src/http/retry.ts');
  });

  it('finds nothing where a letter is missing, and files first without a query', () => {
    assert.deepEqual(find('zzz'), []);
    assert.equal(find('')[0], 'src/http/retry.ts');
  });
});
