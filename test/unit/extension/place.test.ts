import assert from 'node:assert/strict';
import { indentedAs, placeOf, withReplaced } from '../../../extension/edit/place.js';

const file = [
  'export function add(a: number, b: number): number {',
  '  if (a > 0) {',
  '    return a + b;',
  '  }',
  '  return b;',
  '}',
  '',
  'export function sub(a: number, b: number): number {',
  '  return a - b;',
  '}',
  '',
].join('\n');

const python = [
  'class Box:',
  '    def __init__(self):',
  '        self.width = 1',
  '',
  '    def area(self):',
  '        width = self.width + 0',
  '        return width * self.height',
  '',
  '    def twice(self):',
  '        return width * self.height',
  '',
].join('\n');

describe('the place of code in a file', () => {
  it('reaches from the first line to the last at the same indentation', () => {
    const code = 'export function add(a: number, b: number): number {\n  return b + a;\n}\n';
    const place = placeOf(code, file);
    assert.deepEqual(place, { first: 0, last: 5 });
    assert.match(
      withReplaced(file, place, code),
      /^export function add.*\n {2}return b \+ a;\n\}\n\nexport function sub/u,
    );
  });

  it('is none where the first line stands twice or nowhere', () => {
    assert.equal(placeOf('}\nx\n}', file), undefined);
    assert.equal(placeOf('export function mul() {\n}', file), undefined);
  });

  it('reaches to a last line that is indented against the first, as in Python', () => {
    const code = 'def area(self):\n    width = self.width\n    return width * self.height';
    const place = placeOf(code, python);
    assert.deepEqual(place, { first: 4, last: 6 });
  });

  it('does not end at a line that is indented otherwise', () => {
    const code = 'def area(self):\n    if True:\n        return width * self.height';
    assert.equal(placeOf(code, python), undefined);
  });

  it('gives the code its indentation', () => {
    const code = 'def area(self):\n    return 1\n\n    return width * self.height\n';
    const place = placeOf(code, python);
    assert.ok(place);
    assert.equal(
      indentedAs(python, place, code),
      '    def area(self):\n        return 1\n\n        return width * self.height\n',
    );
    const moved = indentedAs(python, { first: 0, last: 1 }, '    a = 1\n      b = 2');
    assert.equal(moved, 'a = 1\n  b = 2');
  });

  it('is one line for one line', () => {
    assert.deepEqual(placeOf('  return a - b;', file), { first: 8, last: 8 });
  });

  it('keeps the line ends of the file', () => {
    const replaced = withReplaced('a\r\nb\r\nc\r\n', { first: 1, last: 1 }, 'x\ny\n');
    assert.equal(replaced, 'a\r\nx\r\ny\r\nc\r\n');
  });
});
