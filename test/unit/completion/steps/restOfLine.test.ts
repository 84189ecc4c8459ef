import assert from 'node:assert/strict';
import { restOfLine } from '../../../../server/completion/steps/restOfLine.js';
import { after } from './sample.js';

describe('the rest of the cursor line', () => {
  const samples: [name: string, marked: string, written: string, result: string, id?: string][] = [
    ['is replaced by what ends with it', 'x = ‸ + 1;\n', 'y + 1;', 'x = y + 1;‸\n'],
    ['is replaced by what goes on with brackets', 'f(‸, b\n', 'a, b);', 'f(a, b);‸\n'],
    ['is replaced before "\\r\\n"', 'x = ‸ + 1;\r\n', 'y + 1;', 'x = y + 1;‸\r\n'],
    ['is replaced at the end of the file', 'if (a‸) {', ' < b) {', 'if (a < b) {‸'],
    ['is replaced by a first line', 'f(‸, b);\n', 'a, b);\ng();', 'f(a, b);\ng();‸\n'],
    ['stays behind what is none of it', 'x = ‸ + 1;\n', 'y', 'x = y‸ + 1;\n'],
    ['stays behind what has it in brackets', 'f(‸ + 1)\n', '(a + 1)', 'f((a + 1)‸ + 1)\n'],

    ['loses a bracket that the suggestion closes', 'f(‸)\n', 'a, b)', 'f(a, b)‸\n'],
    ['keeps a bracket that the suggestion does not close', 'f(‸)\n', 'g()', 'f(g()‸)\n'],
    ['loses brackets from the inside out', 'f(g(‸))\n', 'a)', 'f(g(a)‸)\n'],
    ['loses all brackets', 'f([{‸}])\n', 'a: 1 }]);', 'f([{a: 1 }]);‸\n'],
    ['loses a bracket and a semicolon', 'f(‸);\n', 'a);', 'f(a);‸\n'],
    ['keeps a semicolon that is not written', 'f(‸);\n', 'a)', 'f(a)‸;\n'],
    ['loses a semicolon', 'const a = ‸;\n', 'f(() => { b; });', 'const a = f(() => { b; });‸\n'],
    ['keeps a semicolon that ends another statement', 'a = ‸;\n', '1; b = 2', 'a = 1; b = 2‸;\n'],
    [
      'loses the semicolons of a loop',
      'for (‸;;)\n',
      'i = 0; i < n; i++',
      'for (i = 0; i < n; i++‸)\n',
    ],
    ['loses a comma', '{\n  a: ‸,\n}', '[1, 2],', '{\n  a: [1, 2],‸\n}'],
    ['keeps brackets that what was opened anew needs', 'f(‸)\n', 'a) + g(b', 'f(a) + g(b‸)\n'],
    ['loses a bracket that is followed by lines', 'f(‸);\n', 'a);\ng()', 'f(a);\ng()‸;\n'],
    ['loses a bracket that closes several lines', 'f(‸)\n', '\n  a,\n)', 'f(\n  a,\n)‸\n'],
    ['loses a brace behind a block', 'if (a) {‸}\n', '\n  b();\n}', 'if (a) {\n  b();\n}‸\n'],
    ['keeps a bracket for what was there before', 'if (f(‸) {\n', 'a)', 'if (f(a)‸) {\n'],
    ['keeps one of two missing brackets', 'f(g(‸)\n', 'a)', 'f(g(a)‸)\n'],
    ['keeps its white space, the suggestion its bracket', 'f({ ‸ })\n', 'a}', 'f({ a‸ })\n'],
    ['is replaced where what it closed is gone', 'f‸);\n', '(a);', 'f(a);‸\n'],

    ['loses a quote', 'a = "‸"\n', 'b"', 'a = "b"‸\n', 'python'],
    ['loses a quote and a bracket', "f('‸')\n", "it\\'s')", "f('it\\'s')‸\n"],
    ['keeps a quote that a new string needs', 'f("‸")\n', 'a" + b + "c', 'f("a" + b + "c‸")\n'],
    ['keeps a quote behind brackets of the string', 'f("‸")\n', 'a (b)', 'f("a (b)‸")\n'],
    ['loses the brace of a template', 'a = `${‸}`;\n', 'b}`;', 'a = `${b}`;‸\n'],
    ['loses the brace of a format string', 'f"{‸}"\n', 'a}: {b}', 'f"{a}: {b}‸"\n', 'python'],
    ['loses a bracket in a comment', "// don't (‸)\n", 'do it)', "// don't (do it)‸\n"],

    ['is none where it is blank', 'f(‸  \n', 'a)', 'f(a)‸  \n'],
    ['is none in an empty file', '‸', 'a', 'a‸'],
    ['is not suggested alone', 'f(‸);\n', ');', 'repeatsText'],
    ['is not suggested alone where it is text', 'x = ‸+ 1;\n', '+ 1;', 'repeatsText'],
  ];
  for (const [name, marked, written, result, languageId] of samples) {
    it(name, () => {
      assert.equal(after(restOfLine, marked, written, languageId), result);
    });
  }
});
