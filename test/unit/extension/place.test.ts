import assert from 'node:assert/strict';
import { placeOf, withReplaced } from '../../../extension/edit/place.js';

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

  it('is one line for one line', () => {
    assert.deepEqual(placeOf('  return a - b;', file), { first: 8, last: 8 });
  });

  it('keeps the line ends of the file', () => {
    const replaced = withReplaced('a\r\nb\r\nc\r\n', { first: 1, last: 1 }, 'x\ny\n');
    assert.equal(replaced, 'a\r\nx\r\ny\r\nc\r\n');
  });
});
