import assert from 'node:assert/strict';
import { doubledIndentation } from '../../../../server/completion/steps/doubledIndentation.js';
import { after } from './sample.js';

describe('indentation before the cursor', () => {
  it('is not written again', () => {
    assert.equal(
      after(doubledIndentation, 'function f() {\n  ‸\n}\n', '  a();\n  b();'),
      'function f() {\n  a();\n  b();‸\n}\n',
    );
  });

  it('is not written again where it is a tab', () => {
    assert.equal(
      after(doubledIndentation, 'func f() {\n\ta()\n\t‸\n}\n', '\tb()\n\tc()', 'go'),
      'func f() {\n\ta()\n\tb()\n\tc()‸\n}\n',
    );
  });

  it('is not written again in a document with "\\r\\n"', () => {
    assert.equal(
      after(doubledIndentation, 'def f():\r\n    ‸\r\n', '    return 1', 'python'),
      'def f():\r\n    return 1‸\r\n',
    );
  });

  it('is left out of a deeper one', () => {
    assert.equal(
      after(doubledIndentation, 'if a:\n  if b:\n  ‸\n', '    c()', 'python'),
      'if a:\n  if b:\n    c()‸\n',
    );
  });

  it('is half of what a new block needs', () => {
    assert.equal(
      after(doubledIndentation, '  if (a) {\n  ‸\n  }\n', '  b();'),
      '  if (a) {\n    b();‸\n  }\n',
    );
  });

  it('is part of what the lines around have', () => {
    assert.equal(
      after(doubledIndentation, 'f(\n    a,\n  ‸\n    c,\n', '  b,'),
      'f(\n    a,\n    b,‸\n    c,\n',
    );
  });

  it('does not change a suggestion without it', () => {
    assert.equal(after(doubledIndentation, '  a;\n  ‸', 'b;\n  c;'), '  a;\n  b;\n  c;‸');
    assert.equal(after(doubledIndentation, '  a;\n  ‸', '\tb;'), '  a;\n  \tb;‸');
  });

  it('is none behind other text, at a line start and in an empty file', () => {
    assert.equal(after(doubledIndentation, 'a  ‸', '  b'), 'a    b‸');
    assert.equal(after(doubledIndentation, '  a;\n‸', '  b;'), '  a;\n  b;‸');
    assert.equal(after(doubledIndentation, '‸', '  b;'), '  b;‸');
  });
});
