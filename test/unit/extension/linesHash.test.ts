import assert from 'node:assert/strict';
import { outdatedAmong, withHashes } from '../../../extension/chat/linesHash.js';

const lines = (path: string, startLine: number, endLine: number) => ({
  path,
  startLine,
  endLine,
  weight: 0.5,
});

describe('cited lines', () => {
  const files: Record<string, string> = { 'a.ts': 'one\ntwo\nthree\n', 'b.ts': 'four\r\nfive\r\n' };
  const textOf = (changed: Record<string, string | undefined> = {}) => {
    const all = { ...files, ...changed };
    return async (path: string): Promise<string | undefined> => all[path];
  };

  it('are outdated when one of them changes, and only then', async () => {
    const sources = [lines('a.ts', 1, 2), lines('a.ts', 3, 3), lines('b.ts', 1, 2)];
    const cited = await withHashes(sources, textOf());
    assert.deepEqual(await outdatedAmong(cited, textOf({ 'b.ts': 'four\nfive\n' })), []);
    const found = await outdatedAmong(cited, textOf({ 'a.ts': 'one\n2\nthree\n' }));
    assert.deepEqual(found, [cited[0]]);
  });

  it('are outdated when their file is gone', async () => {
    const cited = await withHashes([lines('a.ts', 1, 1)], textOf());
    assert.equal((await outdatedAmong(cited, textOf({ 'a.ts': undefined }))).length, 1);
  });

  it('are read once for each file', async () => {
    const read: string[] = [];
    const cited = await withHashes(
      [1, 2, 3].map((line) => lines('a.ts', line, line)),
      textOf(),
    );
    await outdatedAmong(cited, async (path) => {
      read.push(path);
      return files[path];
    });
    assert.deepEqual(read, ['a.ts']);
  });
});
