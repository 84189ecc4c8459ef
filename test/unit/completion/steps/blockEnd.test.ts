import assert from 'node:assert/strict';
import { blockEnd } from '../../../../server/completion/steps/blockEnd.js';
import { after } from './sample.js';

describe('the end of the block at the cursor', () => {
  it('comes before a line that is indented less', () => {
    assert.equal(
      after(blockEnd, 'def f():\n    a()\n    ‸\n', 'b()\n\ndef g():\n    c()', 'python'),
      'def f():\n    a()\n    b()\n‸\n',
    );
  });

  it('comes before the line that closes a block which stands closed behind the cursor', () => {
    assert.equal(
      after(blockEnd, 'f() {\n  a();\n  ‸\n}\n', 'b();\n}\n\ng() {'),
      'f() {\n  a();\n  b();‸\n}\n',
    );
  });

  it('comes behind the line that closes a block which nothing closes', () => {
    assert.equal(
      after(blockEnd, 'function f() {\n  ‸\n', 'b();\n}\n\nfunction g() {'),
      'function f() {\n  b();\n}\n‸\n',
    );
  });

  it('comes behind the line that closes what the cursor line opens', () => {
    assert.equal(after(blockEnd, 'if (a) {‸', '\n  b();\n}\nc();'), 'if (a) {\n  b();\n}‸');
    assert.equal(after(blockEnd, 'f(‸\n', '\n  b,\n);\nc();'), 'f(\n  b,\n);‸\n');
  });

  it('waits for the other branches', () => {
    assert.equal(
      after(blockEnd, '  if (a) {‸', '\n    b();\n  } else {\n    c();\n  }\n  d();'),
      '  if (a) {\n    b();\n  } else {\n    c();\n  }‸',
    );
    assert.equal(
      after(blockEnd, 'if a:‸\n', '\n    b()\nelse:\n    c()\nd()', 'python'),
      'if a:\n    b()\nelse:\n    c()‸\n',
    );
    assert.equal(
      after(blockEnd, 'if a; then‸\n', '\n  b\nelse\n  c\nfi\nd', 'shellscript'),
      'if a; then\n  b\nelse\n  c\nfi‸\n',
    );
  });

  it('is not at the cases of a switch that are indented as it is', () => {
    assert.equal(
      after(
        blockEnd,
        '\tswitch x {‸\n',
        '\n\tcase 1:\n\t\ta()\n\tdefault:\n\t\tb()\n\t}\n\tc()',
        'go',
      ),
      '\tswitch x {\n\tcase 1:\n\t\ta()\n\tdefault:\n\t\tb()\n\t}‸\n',
    );
  });

  it('comes before a new paragraph', () => {
    assert.equal(after(blockEnd, '‸', 'a();\nb();\n\nc();'), 'a();\nb();\n‸');
  });

  it('is not at a blank line within brackets or a deeper block', () => {
    const written = 'f(\n  a,\n\n  b,\n);';
    assert.equal(after(blockEnd, '‸', written), `${written}‸`);
    const python = 'for a in b:\n    c()\n\n    d()';
    assert.equal(after(blockEnd, '‸', python, 'python'), `${python}‸`);
  });

  it('is not at a blank line of a block that still needs its closing bracket', () => {
    assert.equal(
      after(blockEnd, 'function f() {‸\n', '\n  a();\n\n  b();\n}\n'),
      'function f() {\n  a();\n\n  b();\n}‸\n',
    );
  });

  it('takes the depth of its first line where the cursor has none', () => {
    assert.equal(
      after(blockEnd, 'def f():\n‸\n', '    a()\n    b()\nc()', 'python'),
      'def f():\n    a()\n    b()‸\n',
    );
  });

  it('takes tabs and spaces for each other', () => {
    assert.equal(
      after(blockEnd, 'f() {\n\t‸\n}\n', 'a();\n    b();\n}\n'),
      'f() {\n\ta();\n    b();‸\n}\n',
    );
  });

  it('is not at a line of a string or for the preprocessor', () => {
    const query = 'q(`\nSELECT a\n`);\n  b();';
    assert.equal(after(blockEnd, '  ‸', query), `  ${query}‸`);
    const guarded = 'a();\n#ifdef B\n  b();\n#endif';
    assert.equal(after(blockEnd, '  ‸', guarded, 'cpp'), `  ${guarded}‸`);
  });

  it('comes with the twelfth line', () => {
    const lines = Array.from({ length: 14 }, (_, i) => `a${i}();`);
    assert.equal(after(blockEnd, '‸', lines.join('\n')), `${lines.slice(0, 12).join('\n')}‸`);
  });

  it('leaves nothing of a suggestion that begins behind it', () => {
    assert.equal(after(blockEnd, 'f() {\n  a();‸\n}\n', '\n}\n\ng() {'), 'f() {\n  a();‸\n}\n');
  });
});
