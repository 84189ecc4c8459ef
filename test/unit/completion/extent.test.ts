import assert from 'node:assert/strict';
import {
  contextOf,
  endWithin,
  extentBehind,
  extentOf,
  isComplete,
  type Extent,
} from '../../../server/completion/extent.js';
import { sample } from './steps/sample.js';

describe('how far a suggestion may go', () => {
  const samples: [marked: string, extent: Extent, languageId?: string][] = [
    ['fo‸o', 'insideWord'],
    ['‸größe', 'insideWord'],
    ['foo‸(', 'line'],
    ['foo‸', 'line'],
    ['foo‸\r\nbar', 'line'],
    ['‸', 'block'],
    ['a;\n  ‸\nb;', 'block'],
    ['a;\r\n\t‸\r\nb;', 'block'],
    ['  ‸ // note', 'line'],
    ['if (a) {‸', 'block'],
    ['if (a) {‸}', 'block'],
    ['if (a) { ‸ }', 'block'],
    ['f(() => {‸});', 'block'],
    ['if (a) {‸ // note', 'line'],
    ['f(‸', 'block'],
    ['f(‸)', 'line'],
    ['a = [‸];', 'line'],
    ['a = {\n  b: ‸,\n}', 'line'],
    ['def f(a):‸\n', 'block', 'python'],
    ['if a[1:‸\n', 'line', 'python'],
    ['a = lambda b:‸\n', 'line', 'python'],
    ['if (a):‸\n', 'line', 'typescript'],
    ['jobs:‸\n', 'block', 'yaml'],
    ['for a in b; do‸\n', 'block', 'shellscript'],
    ['list.each do |a|‸\n', 'block', 'ruby'],
    ['// {‸', 'line'],
    ['/*\n‸\n*/', 'line'],
    ['"{‸"', 'line'],
    ['"""\n‸\n"""', 'line', 'python'],
  ];
  for (const [marked, extent, languageId] of samples) {
    it(`is ${extent} at ${JSON.stringify(marked)} in ${languageId ?? 'typescript'}`, () => {
      assert.equal(extentOf(sample(marked, languageId)), extent);
    });
  }
});

describe('what a cursor stands in', () => {
  const samples: [marked: string, context: string, languageId?: string][] = [
    ['a ‸', 'code'],
    ['a // b‸', 'comment'],
    ['a // b\n‸', 'code'],
    ['/* a\n * b\n * ‸', 'comment'],
    ['/* a */ ‸', 'code'],
    ['# a‸', 'comment', 'python'],
    ['# a‸', 'code', 'typescript'],
    ['-- a‸', 'comment', 'lua'],
    ['<!-- a\n‸', 'comment', 'html'],
    ['"http://a‸"', 'string'],
    ["'it\\'s ‸'", 'string'],
    ['"a" + ‸', 'code'],
    ['`a ${‸}`', 'code'],
    ['`a ${b} ‸`', 'string'],
    ['"""a\n‸', 'string', 'python'],
    [`/* a${'\n'.repeat(150)}‸`, 'comment'],
    [`/* a${'\n'.repeat(250)}‸`, 'code'],
    ['‸', 'code'],
  ];
  for (const [marked, context, languageId] of samples) {
    const shown = JSON.stringify(marked.replace(/\n{9,}/, '…'));
    it(`is ${context} at ${shown} of ${marked.length} characters in ${languageId ?? 'typescript'}`, () => {
      assert.equal(contextOf(sample(marked, languageId)), context);
    });
  }
});

/** What is kept of a stream that comes in small pieces; undefined where it never stops. */
function streamed(marked: string, stream: string, languageId?: string): string | undefined {
  const place = sample(marked, languageId);
  const extent = extentOf(place);
  for (let length = 1; length <= stream.length; length++) {
    const written = stream.slice(0, length);
    if (isComplete(written, place, extent)) {
      return written.slice(0, endWithin(written, place, extent));
    }
  }
  return undefined;
}

describe('a suggestion while it is written', () => {
  it('is complete before it begins within a word', () => {
    assert.equal(isComplete('', sample('fo‸o'), 'insideWord'), true);
  });

  it('ends with its line', () => {
    assert.equal(streamed('a = ‸\n', 'b;\nc;'), 'b;');
    assert.equal(streamed('a = ‸\n', 'b;\r\nc;'), 'b;');
    assert.equal(streamed('a = ‸\n', 'b;'), undefined);
    assert.equal(streamed('a;‸\n', '\nb;\n'), '');
  });

  it('goes on with the next line behind one that is taken, if that is whole', () => {
    const behind = (marked: string, stream: string): string | undefined => {
      const place = sample(marked);
      const extent = extentBehind(place);
      assert.equal(extent, 'nextLine');
      const end = endWithin(stream, place, extent);
      return end === undefined ? undefined : stream.slice(0, end);
    };
    assert.equal(behind('a();‸\nc();\n', '\nb();\nc();\n'), '\nb();');
    assert.equal(behind('a();‸\n', '\n\n  b();\r\nc();'), '\n\n  b();');
    assert.equal(behind('a();‸\n', '  \nb();\n'), '  \nb();');
    assert.equal(behind('a = b‸\n', ' + c;\nd();\n'), ' + c;');
    assert.equal(behind('a();‸\n', '\n'), undefined);
    assert.equal(behind('a();‸\n', '\nb();'), undefined);
    assert.equal(extentBehind(sample('f(a‸);\n')), 'line');
    assert.equal(extentBehind(sample('// a‸\n')), 'line');
    assert.equal(extentBehind(sample('if (a) {‸\n')), 'block');
  });

  it('ends before a line that is indented less', () => {
    assert.equal(streamed('f() {\n  ‸\n}\n', 'a();\n  b();\n}\n'), 'a();\n  b();');
    assert.equal(streamed('def f():‸\n', '\n    a()\n\ndef g', 'python'), '\n    a()\n');
  });

  it('ends behind the bracket that closes its block', () => {
    assert.equal(streamed('if (a) {‸', '\n  b();\n}\nc();'), '\n  b();\n}');
    assert.equal(
      streamed('if (a) {‸', '\n  b();\n} else {\n  c();\n}\n'),
      '\n  b();\n} else {\n  c();\n}',
    );
    assert.equal(streamed('if (a) {‸', '\n  b();\n}'), undefined);
  });

  it('ends before a new paragraph, once its brackets are closed', () => {
    assert.equal(streamed('‸', 'f(\n\n);\n\ng('), 'f(\n\n);\n');
  });

  it('ends with its twelfth line', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `  line${i}();`);
    assert.equal(streamed('  ‸', lines.join('\n').trim()), lines.slice(0, 12).join('\n').trim());
    const block = `\n${lines.join('\n')}`;
    assert.equal(streamed('if (a) {‸', block), `\n${lines.slice(0, 12).join('\n')}`);
  });

  it('ends in the same places with "\\r\\n"', () => {
    assert.equal(
      streamed('f() {\r\n  ‸\r\n}', 'a();\r\n  b();\r\n}\r\n')?.trimEnd(),
      'a();\r\n  b();',
    );
  });

  it('is cut in the piece that went too far', () => {
    const place = sample('a = ‸\n');
    assert.equal(endWithin('b;\nc', place, 'line'), 2);
  });
});
