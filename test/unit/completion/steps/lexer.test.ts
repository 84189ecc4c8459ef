import assert from 'node:assert/strict';
import { lex } from '../../../../server/completion/steps/lexer.js';

function opened(text: string, languageId = 'typescript'): string {
  return lex(text, languageId)
    .opened.map(({ mark }) => mark)
    .join(' ');
}

describe('the light lexer', () => {
  const samples: [name: string, text: string, open: string, languageId?: string][] = [
    ['finds what is left open', 'f(a, [b], {', '( {'],
    ['reads no brackets in strings', 'f("(", \'[\', `{`', '('],
    ['reads no brackets in comments', 'f( // (\n/* [ */', '('],
    ['reads no quotes in regular expressions', 'f(/["\'`(]/u, a / b, `', '( `'],
    ['finds the string that it ends in', 'f("a', '( "'],
    ['finds the code in a template', 'f(`a ${b(', '( ` { ('],
    ['takes an apostrophe for none', "don't f(", '('],
    ['takes a prefixed quote for one', "f(rb'", "( '", 'python'],
    ['takes a lifetime for none', "fn f<'a>(x: &'a str, c: 'b'", '(', 'rust'],
    ['takes a quoted bracket for none', "f('(', '\\'', [", '( [', 'rust'],
    ['ends a broken string with its line', 'f("a\n[', '( ['],
    ['goes on over lines in a docstring', '"""a\n(', '"""', 'python'],
    ['takes "#" within a word for no comment', 'echo $#(', '(', 'shellscript'],
    ['drops what is left open within what is closed', '{ f( }', ''],
  ];
  for (const [name, text, open, languageId] of samples) {
    it(name, () => {
      assert.equal(opened(text, languageId), open);
    });
  }

  it('tells what of the open brackets is closed', () => {
    const open = lex('f("', 'typescript').opened;
    const { closed, opened: left } = lex('a", (b)) {', 'typescript', open);
    assert.deepEqual(
      closed.map(({ mark, opening }) => [mark, opening?.mark]),
      [
        ['"', '"'],
        [')', '('],
      ],
    );
    assert.deepEqual(left, [{ mark: '{', at: 9 }]);
  });

  it('tells a comment at the end', () => {
    assert.equal(lex('a // b', 'typescript').endsInComment, true);
    assert.equal(lex('a // b\n', 'typescript').endsInComment, false);
    assert.equal(lex('a -- b', 'sql').endsInComment, true);
    assert.equal(lex('a /* b */', 'typescript').endsInComment, false);
  });
});
