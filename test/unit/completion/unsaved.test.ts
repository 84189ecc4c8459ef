import assert from 'node:assert/strict';
import {
  changedAround,
  isShown,
  placeOnDisk,
  replaced,
  unsavedLines,
} from '../../../server/completion/unsaved.js';

const path = 'src/shop.ts';
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `const line${from + index} = 0;`);
const text = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;

describe('what is not on disk yet', () => {
  const disk = text(...numbered(1, 60));

  it('is what was put in, with what stands around it', () => {
    const now = text(...numbered(1, 30), 'const fresh = 1;', ...numbered(31, 60));
    assert.deepEqual(changedAround({ path, line: 31 }, now, disk), [
      {
        ...{ path, startLine: 23, endLine: 39 },
        text: [...numbered(23, 30), 'const fresh = 1;', ...numbered(31, 38)].join('\n'),
        changed: { path, startLine: 31, endLine: 31 },
        onDisk: { path, startLine: 31, endLine: 30 },
      },
    ]);
  });

  it('stands for the lines that were changed', () => {
    const now = text(...numbered(1, 29), 'const one = 1;', 'const two = 2;', ...numbered(31, 60));
    const [found] = changedAround({ path, line: 31 }, now, disk);
    assert.ok(found !== undefined);
    assert.deepEqual(replaced(found), { path, startLine: 30, endLine: 30 });
    assert.match(found.text, /line29 .*\nconst one = 1;\nconst two = 2;\n.*line31/u);
  });

  it('is no difference in how lines end', () => {
    assert.deepEqual(changedAround({ path, line: 5 }, disk.replaceAll('\n', '\r\n'), disk), []);
  });

  it('is nothing to show where lines were taken out, which are no longer there', () => {
    const less = text(...numbered(1, 9), '', ...numbered(20, 60));
    const unsaved = changedAround({ path, line: 10 }, less, disk);
    assert.ok(unsaved[0] !== undefined && !isShown(unsaved[0]));
    assert.deepEqual(replaced(unsaved[0]), { path, startLine: 10, endLine: 19 });
    const onDisk = (line: number): number | undefined => placeOnDisk(unsaved, { path, line })?.line;
    assert.deepEqual([9, 10, 11, 51].map(onDisk), [9, undefined, 20, 60]);
    const blank = text(...numbered(1, 9), '', ...numbered(10, 60));
    assert.deepEqual(changedAround({ path, line: 10 }, blank, disk), []);
  });

  it('is of long text what stands before the place that was written last', () => {
    const now = text(...numbered(1, 20), ...numbered(100, 400), ...numbered(21, 60));
    const [found, ...others] = changedAround({ path, line: 200 }, now, disk);
    assert.ok(found !== undefined && others.length === 0);
    assert.ok(found.text.endsWith('const line279 = 0;'), found.text); // line 200 of the document
    assert.ok(found.text.length <= 1000 && found.text.length > 900, `${found.text.length}`);
    assert.equal(replaced(found), undefined);
    assert.equal(
      found.text,
      now
        .split('\n')
        .slice(found.startLine - 1, found.endLine)
        .join('\n'),
    );
  });

  it('is near the change where something was written elsewhere since', () => {
    const now = text(...numbered(1, 30), 'const fresh = 1;', ...numbered(31, 60));
    assert.match(changedAround({ path, line: 2 }, now, disk)[0]?.text ?? '', /fresh/u);
    assert.match(changedAround({ path, line: 61 }, now, disk)[0]?.text ?? '', /fresh/u);
  });

  it('is nothing where one line is longer than all there is room for', () => {
    const long = `const long = '${'x'.repeat(3000)}';`;
    assert.deepEqual(changedAround({ path, line: 1 }, text(long, ...numbered(1, 60)), disk), []);
  });

  it('is no difference in the mark that a file begins with', () => {
    assert.deepEqual(changedAround({ path, line: 1 }, disk, `\uFEFF${disk}`), []);
  });

  it('moves the lines behind it', () => {
    const now = text(...numbered(1, 30), 'const one = 1;', 'const two = 2;', ...numbered(32, 60));
    const unsaved = changedAround({ path, line: 31 }, now, disk);
    const onDisk = (line: number): number | undefined => placeOnDisk(unsaved, { path, line })?.line;
    assert.deepEqual([30, 31, 32, 33, 61].map(onDisk), [30, undefined, undefined, 32, 60]);
    assert.equal(placeOnDisk(unsaved, { path: 'src/other.ts', line: 40 })?.line, 40);
  });

  it('is taken of two open documents, the latest first, and of files that are new', async () => {
    const open = new Map<string, string>(
      ['a', 'b', 'c', 'd'].map((name) => [`${name}.ts`, `const ${name} = 1;\n`]),
    );
    const found = await unsavedLines(
      ['closed.ts', 'a.ts', 'b.ts', 'c.ts', 'd.ts'].map((of) => ({ path: of, line: 1 })),
      {
        textOf: (of) => open.get(of),
        onDisk: async (of) => (of === 'a.ts' ? 'const a = 1;\n' : ''),
      },
    );
    assert.deepEqual(
      found.map((one) => one.text),
      ['const b = 1;\n', 'const c = 1;\n'],
    );
  });
});
