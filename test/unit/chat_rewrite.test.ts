import assert from 'node:assert/strict';
import { codeIn, withIndentOf } from '../../server/chat/rewrite.js';

describe('code of an answer', () => {
  it('is what stands in the first block, closed or not', () => {
    assert.equal(codeIn('Here it is:\n```ts\nlet a = 1;\n```\nDone.'), 'let a = 1;');
    assert.equal(codeIn('```\nlet a = 1;\nlet b = 2;\n'), 'let a = 1;\nlet b = 2;');
  });

  it('ends before a lone fence that closes, and begins behind one that opens', () => {
    assert.equal(codeIn('let a = 1;\n}\n```'), 'let a = 1;\n}');
    assert.equal(codeIn('Here:\n```ts\nlet a = 1;'), 'let a = 1;');
  });

  it('is the whole answer where there is no block', () => {
    assert.equal(codeIn('let a = 1;\n'), 'let a = 1;');
  });

  it('gets the indentation back that all its lines had', () => {
    assert.equal(withIndentOf('    a();\n    b();', 'c();\n\n  d();'), '    c();\n\n      d();');
    assert.equal(withIndentOf('    a();', '    c();'), '    c();');
  });
});
