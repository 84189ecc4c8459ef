import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openRepository } from '../../../server/index/repository.js';
import { testFolder, type TestFolder } from '../workspace/folders.js';
import { openOptions, testTokenizer } from './fixtures.js';

describe('a file of 200,000 lines', () => {
  const lines = 200_000;
  /** Just below what is read at most. */
  const text = 'f();\n'.repeat(lines);
  let folder: TestFolder;

  beforeEach(() => {
    folder = testFolder({ 'src/endless.ts': text, 'src/small.ts': 'export const a = 1;\n' });
  });

  afterEach(() => folder.remove());

  it('is cut, searched and edited within seconds @slow', async () => {
    const started = performance.now();
    const { tokenize } = testTokenizer();
    const root = join(folder.root, 'src');
    const index = await openRepository(openOptions(root, join(folder.root, 'home'), tokenize));
    try {
      assert.equal(index.files.length, 2);
      const parts = index.segmentsOf('endless.ts');
      assert.ok(parts.length > 1, `${parts.length} segments`);
      const covered = index.passagesOf('endless.ts').at(-1)?.endLine ?? 0;
      assert.ok(covered >= lines, `${covered} lines in passages`);
      folder.write('src/endless.ts', text.replace('f();', 'g();'));
      const changes = await index.refresh();
      assert.deepEqual(changes.changed, ['endless.ts']);
    } finally {
      await index.close();
    }
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds < 60, `${seconds} s`);
  });
});
