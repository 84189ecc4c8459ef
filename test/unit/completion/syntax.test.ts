import assert from 'node:assert/strict';
import { isWholeStatement } from '../../../server/completion/syntax.js';
import { readerFor } from '../../../server/index/grammars.js';
import { sample } from './steps/sample.js';

async function isWhole(path: string, marked: string, written: string) {
  const reader = await readerFor(path);
  assert.ok(reader);
  return isWholeStatement(written, sample(marked), reader);
}

describe('a statement at the cursor, for its grammar', () => {
  const samples: [path: string, marked: string, written: string, whole: boolean | undefined][] = [
    ['a.ts', 'a();\n‸\nb();\n', 'c(d, e);', true],
    ['a.ts', 'a();\n‸\nb();\n', 'c(\n  d,', false],
    ['a.ts', 'function f() {\n  const a = ‸\n  return a;\n}\n', 'b +\n', false],
    ['a.ts', 'function f() {\n  const a = ‸\n  return a;\n}\n', 'b + c;\n', true],
    ['a.ts', 'function f() {\n  ‸\n}\n', 'if (a) {\n    b();\n  }\n', true],
    ['a.py', 'def f():\n    ‸\n    return a\n', 'a = g(\n        1,', undefined],
    ['a.py', 'def f():\n    ‸\n    return a\n', 'a = g(\n        1)\n', true],
    ['a.ts', '‸', ' \n', undefined],
  ];
  for (const [path, marked, written, whole] of samples) {
    it(`is ${whole === undefined ? 'unknown' : whole ? 'whole' : 'open'} with ${JSON.stringify(written)} in ${path}`, async () => {
      assert.equal(await isWhole(path, marked, written), whole);
    });
  }

  it('is unknown in a long document', async () => {
    assert.equal(await isWhole('a.ts', `‸\n${'a();\n'.repeat(50_000)}`, 'b();'), undefined);
  });
});
