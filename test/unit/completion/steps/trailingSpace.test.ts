import assert from 'node:assert/strict';
import { trailingSpace } from '../../../../server/completion/steps/trailingSpace.js';
import { after } from './sample.js';

describe('white space at the end of a suggestion', () => {
  it('is left out', () => {
    assert.equal(after(trailingSpace, 'a\n‸\nb', 'c;  \n\n\t'), 'a\nc;‸\nb');
    assert.equal(after(trailingSpace, 'f(‸)', 'a, '), 'f(a,‸)');
  });

  it('is left out with "\\r\\n"', () => {
    assert.equal(after(trailingSpace, '‸\r\nb', 'c; \r\n'), 'c;‸\r\nb');
  });

  it('stays where it parts the suggestion from the text behind it', () => {
    assert.equal(after(trailingSpace, 'x = ‸-y;', 'a + '), 'x = a + ‸-y;');
    assert.equal(after(trailingSpace, 'x = ‸-y;', 'a +\n '), 'x = a +‸-y;');
  });

  it('is none at its start', () => {
    assert.equal(after(trailingSpace, 'if (a) {‸', '\n  b'), 'if (a) {\n  b‸');
  });

  it('is no suggestion alone', () => {
    assert.equal(after(trailingSpace, '‸', ''), 'empty');
    assert.equal(after(trailingSpace, 'a‸ b', ' '), 'empty');
    assert.equal(after(trailingSpace, '\t‸\n', '\t\n \r\n'), 'empty');
  });
});
