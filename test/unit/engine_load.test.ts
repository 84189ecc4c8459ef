import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isEngineError } from '../../server/engine/errors.js';
import { findAddon, loadAddon } from '../../server/engine/load.js';
import { testFolder, type TestFolder } from './workspace/folders.js';

describe('an engine that cannot be loaded', () => {
  const platform = `${process.platform}-${process.arch}`;
  let folder: TestFolder;

  beforeEach(() => {
    folder = testFolder({ 'dist/main.js': '' });
  });

  afterEach(() => folder.remove());

  function complaint(): string {
    try {
      loadAddon(join(folder.root, 'dist'));
    } catch (error) {
      assert.ok(isEngineError(error) && error.code === 'addon-missing', String(error));
      return error.message;
    }
    assert.fail('it was loaded');
  }

  it('is told as a package for another platform where nothing was built', () => {
    const told = complaint();
    assert.ok(told.includes(`no engine for ${platform}`), told);
    assert.ok(told.includes(`Install the package of LeoAM for ${platform}.`), told);
    assert.ok(!told.includes('npm'), told);
  });

  it('is told as damaged, with its path, where a package has one', () => {
    folder.write('dist/native/leoam.node', 'not a program');
    const told = complaint();
    assert.ok(told.includes(join('dist', 'native', 'leoam.node')), told);
    assert.match(told, /damaged, or made for another platform/);
    assert.ok(told.includes(`Install the package of LeoAM for ${platform}.`), told);
    assert.ok(!told.includes('npm') && !told.includes('\n'), told);
  });

  it('is told as something to build in a clone', () => {
    folder.write('CMakeLists.txt', '');
    assert.match(complaint(), /has not been built\. Run "npm run build" in the clone\.$/);
    folder.write('dist/native/leoam.node', 'not a program');
    assert.match(complaint(), /Run "npm run build" to build it for this machine\.$/);
  });

  it('is looked for where LEOAM_ADDON says, and nowhere else', () => {
    folder.write('dist/native/leoam.node', '');
    folder.write('own.node', '');
    const here = join(folder.root, 'dist');
    assert.equal(findAddon(here, join(folder.root, 'own.node')), join(folder.root, 'own.node'));
    assert.equal(findAddon(here, join(folder.root, 'none.node')), undefined);
    assert.equal(findAddon(here, ''), join(here, 'native', 'leoam.node'));
  });
});
