import assert from 'node:assert/strict';
import { repeatedBehind } from '../../../../server/completion/steps/repeatedBehind.js';
import { after } from './sample.js';

describe('the lines behind the cursor', () => {
  it('end a suggestion that comes to them', () => {
    assert.equal(
      after(repeatedBehind, 'a();\n‸\nc();\nd();\n', 'b();\nc();\nd();'),
      'a();\nb();‸\nc();\nd();\n',
    );
  });

  it('end it with "\\r\\n", over blank lines and at the end of the file', () => {
    assert.equal(after(repeatedBehind, '‸\r\n\r\nc();', 'b();\n\nc();\n'), 'b();‸\r\n\r\nc();');
  });

  it('end it where tabs and spaces differ', () => {
    assert.equal(
      after(repeatedBehind, '\t‸\n\treturn a\n', 'a = 1\n    return a', 'python'),
      '\ta = 1‸\n\treturn a\n',
    );
  });

  it('end it at a bracket that stands there', () => {
    assert.equal(after(repeatedBehind, 'f() {\n  ‸\n}\n', 'a();\n}'), 'f() {\n  a();‸\n}\n');
  });

  it('end it at the bracket of its last branch', () => {
    assert.equal(
      after(repeatedBehind, 'if (a) {‸\n}\n', '\n  b();\n} else {\n  c();\n}'),
      'if (a) {\n  b();\n} else {\n  c();‸\n}\n',
    );
  });

  it('end it where it stops in the midst of them', () => {
    assert.equal(after(repeatedBehind, '‸\nfoo(a);\n', 'b();\nfoo('), 'b();‸\nfoo(a);\n');
    assert.equal(
      after(repeatedBehind, '‸\nf(a);\ng();\n', 'b();\nf(a);\ng'),
      'b();‸\nf(a);\ng();\n',
    );
    assert.equal(after(repeatedBehind, '‸\nfoo(a);\n', 'b();\nf'), 'b();\nf‸\nfoo(a);\n');
  });

  it('leave a bracket that the suggestion opened itself', () => {
    assert.equal(
      after(repeatedBehind, 'for (;;) {\n‸\n}\n', 'if (a) {\n  b();\n}'),
      'for (;;) {\nif (a) {\n  b();\n}‸\n}\n',
    );
  });

  it('leave a bracket at another depth', () => {
    assert.equal(
      after(repeatedBehind, 'f() {\n  if (a) {\n    ‸\n}\n', 'b();\n  }'),
      'f() {\n  if (a) {\n    b();\n  }‸\n}\n',
    );
  });

  it('are not suggested', () => {
    assert.equal(after(repeatedBehind, '  ‸\n\n  next(a);\n', 'next(a);'), 'repeatsText');
    assert.equal(after(repeatedBehind, 'con‸\nconsole.log(a);\n', 'sole.log(a);'), 'repeatsText');
    assert.equal(after(repeatedBehind, 'a();‸\nb();\nccc();\n', '\nb();\nccc();'), 'repeatsText');
  });

  it('may begin with the suggestion', () => {
    assert.equal(after(repeatedBehind, '‸\nfoobar();\n', 'foo();'), 'foo();‸\nfoobar();\n');
  });

  it('are none at the end of the file and in an empty one', () => {
    assert.equal(after(repeatedBehind, 'a;\n‸', 'b;\nc;'), 'a;\nb;\nc;‸');
    assert.equal(after(repeatedBehind, '‸', 'b;'), 'b;‸');
  });
});
