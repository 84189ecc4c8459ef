import assert from 'node:assert/strict';
import { regionOf } from '../../../server/completion/region.js';

const typescript = [
  "import { limit } from './limits.js';",
  '',
  'export function total(items: Item[]): number {',
  '  let sum = 0; // A',
  '  for (const item of items) {',
  '    if (item.isFree) {',
  '      continue; // B',
  '    } else {',
  '      sum += item.price; // C',
  '    }',
  '  }',
  '',
  '  return sum; // D',
  '}',
  '',
  'export class Basket {',
  '  add(item: Item): boolean {',
  '    try {',
  '      this.items.push(item); // E',
  '    } catch (error) {',
  '      return false; // F',
  '    }',
  '    return true; // G',
  '  }',
  '',
  '  remove(',
  '    item: Item,',
  '  ): boolean {',
  '    return this.items.delete(item); // H',
  '  }',
  '}',
  '',
].join('\n');

const python = [
  'import json',
  'from shop import limits',
  '',
  'def total(items):',
  '    sum = 0  # A',
  '    for item in items:',
  '        if item.is_free:',
  '            continue  # B',
  '        elif item.is_new:',
  '            sum += item.price  # C',
  '',
  '    return sum  # D',
  '',
  'class Basket:',
  '    def add(self, item) -> bool:',
  '        with self.lock:',
  '            self.items.append(item)  # E',
  '        return True  # G',
  '',
  '    def remove(self, item):',
  '        self.items.remove(item)  # H',
  '',
].join('\n');

/** The region of the line with a mark such as `// A`, the cursor right before the mark. */
function at(text: string, mark: string): string {
  const offset = text.search(new RegExp(`\\s*(?://|#) ${mark}$`, 'mu'));
  assert.ok(offset >= 0, mark);
  return regionOf(text, offset);
}

for (const [language, text] of [
  ['TypeScript', typescript],
  ['Python', python],
] as const) {
  describe(`the stretch of ${language} that a cursor is in`, () => {
    it('is the same all over a function, also within its loops and branches', () => {
      const start = at(text, 'A');
      for (const mark of ['B', 'C', 'D']) {
        assert.equal(at(text, mark), start, mark);
      }
      assert.equal(at(text, 'E'), at(text, 'G'));
    });

    it('is another one in another function', () => {
      const regions = ['A', 'E', 'H'].map((mark) => at(text, mark));
      assert.equal(new Set(regions).size, 3);
    });

    it('is the same while one types, adds lines and deletes them within the function', () => {
      const start = at(text, 'D');
      const offset = text.indexOf('return sum');
      const more = `${text.slice(0, offset)}print(sum)\n${language === 'Python' ? '    ' : '  '}${text.slice(offset)}`;
      assert.equal(at(more, 'D'), start);
      assert.equal(at(more, 'A'), start);
    });

    it('is the same on a blank line of the function', () => {
      const blank = text.lastIndexOf('\n\n', text.indexOf('return sum')) + 1;
      assert.equal(regionOf(text, blank), at(text, 'D'));
    });

    it('is another one when the imports change', () => {
      const changed = text.replace('limits', 'prices');
      assert.notEqual(at(changed, 'A'), at(text, 'A'));
      const line = language === 'Python' ? 'import os\n' : "import os from 'node:os';\n";
      assert.notEqual(at(line + text, 'A'), at(text, 'A'));
    });

    it('is the same when another function changes', () => {
      const changed = text.replace('sum = 0', 'sum = 1').replace('    for', '    count()\n    for');
      assert.equal(at(changed, 'H'), at(text, 'H'));
    });
  });
}

describe('the stretch of TypeScript that a cursor is in, further', () => {
  it('is that of the function where its parameters take several lines', () => {
    assert.match(at(typescript, 'H'), /^ {2}remove\(/u);
  });

  it('is the branch’s function behind "else" and "catch"', () => {
    assert.equal(at(typescript, 'F'), at(typescript, 'E'));
    assert.equal(at(typescript, 'C'), at(typescript, 'B'));
  });

  it('is some lines of what is in no function', () => {
    const flat = Array.from({ length: 120 }, (_, i) => `export const a${i} = ${i};`).join('\n');
    const line = (n: number): number => flat.indexOf(`export const a${n} `) + 5;
    assert.equal(regionOf(flat, line(5)), regionOf(flat, line(12)));
    assert.notEqual(regionOf(flat, line(5)), regionOf(flat, line(110)));
  });

  it('is the same while an import is written', () => {
    const typed = (line: string): string => {
      const text = `${line}\n${typescript}`;
      return regionOf(text, line.length);
    };
    assert.equal(typed('import { a'), typed('import { add } from'));
    assert.notEqual(typed(''), regionOf(`import 'a';\n\n${typescript}`, 13));
  });

  it('is not the function above on an empty line behind it', () => {
    const text = `${typescript}\n`;
    assert.equal(regionOf(text, text.length), regionOf(`${text}f`, text.length + 1));
  });

  it('does not depend on what ends the lines', () => {
    const windows = typescript.replaceAll('\n', '\r\n');
    const of = (mark: string): string =>
      regionOf(windows, windows.indexOf(` // ${mark}\r`)).replaceAll('\r', '');
    for (const mark of ['A', 'C', 'F', 'H']) {
      assert.equal(of(mark), at(typescript, mark));
    }
  });

  it('is found below a line that is long as a file', () => {
    const data = `  const body = {${'"a":1,'.repeat(40_000)}};`;
    const text = `function f() {\n${data}\n\n`; // looking at all of it takes longer than a test may
    assert.equal(regionOf(text, text.length - 1), 'function f() {\n');
  });
});
