import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { wasOnDisk } from '../../server/lsp/loadedAnew.js';
import { testFolder, type TestFolder } from './workspace/folders.js';

/** When its file was written, in milliseconds since 1970. */
const writtenAt = Date.UTC(2025, 0, 1);

describe('a text that an editor has', () => {
  let folder: TestFolder;

  beforeEach(() => {
    folder = testFolder();
  });

  afterEach(() => folder.remove());

  const holds = (content: string | Buffer, text: string, toldAfterMs = 100): Promise<boolean> => {
    const path = join(folder.root, 'my shop.ts');
    folder.write('my shop.ts', content);
    utimesSync(path, writtenAt / 1000, writtenAt / 1000);
    return wasOnDisk(pathToFileURL(path).href, text, writtenAt + toldAfterMs);
  };

  it('was on disk where the file held it before, with or without its mark', async () => {
    assert.equal(await holds('const ä = 1;\n', 'const ä = 1;\n'), true);
    assert.equal(await holds('\uFEFFconst ä = 1;\n', 'const ä = 1;\n'), true);
  });

  it('was not where the file holds another one, however long', async () => {
    assert.equal(await holds('const a = 1;\n', 'const b = 1;\n'), false);
    assert.equal(await holds('const a = 1;\n', 'const a = 12;\n'), false);
  });

  it('was not where it was saved since, also at once', async () => {
    assert.equal(await holds('const a = 1;\n', 'const a = 1;\n', -1000), false);
    assert.equal(await holds('const a = 1;\n', 'const a = 1;\n', 1), false);
  });

  it('was not where there is no file', async () => {
    const uri = pathToFileURL(join(folder.root, 'none.ts')).href;
    assert.equal(await wasOnDisk(uri, '', writtenAt), false);
    assert.equal(await wasOnDisk('untitled:one', '', writtenAt), false);
  });
});
