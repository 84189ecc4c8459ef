import assert from 'node:assert/strict';
import { repetition } from '../../../../server/completion/steps/repetition.js';
import { after } from './sample.js';

describe('a suggestion that loops', () => {
  const cases: [name: string, written: string, kept: string][] = [
    ['keeps a line once that comes three times', 'a();\nfoo();\nfoo();\nfoo();', 'a();\nfoo();'],
    ['keeps what came before the loop', 'let i;\nadd(i);\nadd(i);\nadd(i);\nx', 'let i;\nadd(i);'],
    ['looks through blank lines', 'foo();\n\nfoo();\n\nfoo();\n', 'foo();\n'],
    ['keeps two lines once', 'one();\ntwo();\none();\ntwo();\none();\ntwo();', 'one();\ntwo();'],
    [
      'keeps a longer turn once that comes twice',
      'case1();\nfirst();\nlast();\ncase1();\nfirst();\nlast();',
      'case1();\nfirst();\nlast();',
    ],
    [
      'keeps a phrase of a line once',
      'a, one two, one two, one two, one two, one two',
      'a, one two',
    ],
    [
      'is cut in its last line only where that loops',
      'x();\nabcdef abcdef abcdef abcdef abcdef abc',
      'x();\nabcdef ',
    ],
  ];
  for (const [name, written, kept] of cases) {
    it(name, () => {
      assert.equal(after(repetition, 'x\n‸\n', written), `x\n${kept}‸\n`);
    });
  }

  const kept: [name: string, written: string][] = [
    ['two equal lines', 'pop();\npop();\nrest();'],
    ['brackets', '}\n}\n}\n}'],
    ['the same tag at three depths', '    </div>\n  </div>\n</div>'],
    ['the same line in several places', 'a:\nbreak;\nb:\nbreak;\nc:\nbreak;'],
    ['pairs that come twice', 'one();\ntwo();\none();\ntwo();'],
    ['rulers', '// --------------------------------------------------'],
    ['nothing', ''],
  ];
  for (const [name, written] of kept) {
    it(`is not taken for one with ${name}`, () => {
      assert.equal(after(repetition, '‸', written), `${written}‸`);
    });
  }
});
