import assert from 'node:assert/strict';
import { closers } from '../../../../server/completion/steps/closers.js';
import { after } from './sample.js';

describe('what is closed behind the cursor', () => {
  const samples: [name: string, marked: string, written: string, result: string, id?: string][] = [
    ['is not closed twice in a line', 'f(‸, b)\n', 'a)', 'f(a‸, b)\n'],
    ['is not closed twice over lines', 'f(\n  a,\n  ‸\n)\n', 'b)', 'f(\n  a,\n  b‸\n)\n'],
    ['is not closed twice with "\\r\\n"', 'f(\r\n  ‸\r\n);\r\n', 'b);', 'f(\r\n  b‸\r\n);\r\n'],
    ['is not closed twice where the inner one is', 'f(\n  g(‸\n)\n', 'a))', 'f(\n  g(a)‸\n)\n'],
    ['is not closed twice with a quote', "f('‸', b)\n", "a'", "f('a‸', b)\n"],
    ['is not closed twice by a block', 'if (a) {‸\n}\n', '\n  b();\n}', 'if (a) {\n  b();‸\n}\n'],
    ['is no suggestion alone', 'f(\n  a,\n  ‸\n)\n', ')', 'repeatsText'],
    [
      'is closed by what takes its place',
      'if (a) {‸\n}\n',
      '\n} else {',
      'if (a) {\n} else {‸\n}\n',
    ],
    ['is not what the suggestion opened', 'f(‸, b)\n', '(a)', 'f((a)‸, b)\n'],
    ['is not within a string', 'f(‸, b)\n', '":)"', 'f(":)"‸, b)\n'],
    ['is not what the line opened since', 'if (f(‸) {\n}\n', 'a)', 'if (f(a)‸) {\n}\n'],
    [
      'is not a block of another depth',
      'f() {\n  if (a) {\n    ‸\n}\n',
      'b }',
      'f() {\n  if (a) {\n    b }‸\n}\n',
    ],
    [
      'is not what follows in lines of the same depth',
      'f() { a; ‸\n\ng() {\n}\n',
      '}',
      'f() { a; }‸\n\ng() {\n}\n',
    ],
    ['is not a string that begins below', 'f("‸\ng("b")\n', 'a")', 'f("a")‸\ng("b")\n'],
    ['is not a template that begins below', 'f(`‸\ng(`b`)\n', 'a`)', 'f(`a`)‸\ng(`b`)\n'],
    [
      'is not a docstring that begins below',
      'f():\n  """a‸\ng():\n  """b"""\n',
      '."""',
      'f():\n  """a."""‸\ng():\n  """b"""\n',
      'python',
    ],
    ['is nothing at the end of the file', 'f(‸', 'a)', 'f(a)‸'],
    ['is nothing in an empty file', '‸', ')', ')‸'],
  ];
  for (const [name, marked, written, result, languageId] of samples) {
    it(name, () => {
      assert.equal(after(closers, marked, written, languageId), result);
    });
  }

  it('is looked for behind what is replaced', () => {
    const place = { text: 'f(\n  g()\n)\n', offset: 7, languageId: 'typescript' };
    assert.deepEqual(closers({ text: 'a))', replaced: 1 }, place), { text: 'a)', replaced: 1 });
  });
});
