import assert from 'node:assert/strict';
import { documentLineEnds, plainLineEnds } from '../../../../server/completion/steps/lineEnds.js';
import { after } from './sample.js';

describe('line ends of a suggestion', () => {
  it('are plain while the steps look at them', () => {
    assert.equal(after(plainLineEnds, 'a\r\n‸', 'b\r\nc\nd'), 'a\r\nb\nc\nd‸');
  });

  it('leave nothing of one that was cut in two', () => {
    assert.equal(after(plainLineEnds, 'x = ‸ + 2;\r\n', 'a\r'), 'x = a‸ + 2;\r\n');
  });

  it('are those of the document in the end', () => {
    assert.equal(after(documentLineEnds, 'a\r\n‸\r\n', 'b\n\nc'), 'a\r\nb\r\n\r\nc‸\r\n');
  });

  it('are not doubled', () => {
    assert.equal(after(documentLineEnds, 'a\r\n‸', 'b\r\nc'), 'a\r\nb\r\nc‸');
  });

  it('stay plain in a plain document, and in an empty one', () => {
    assert.equal(after(documentLineEnds, 'a\n‸', 'b\nc'), 'a\nb\nc‸');
    assert.equal(after(documentLineEnds, '‸', 'b\nc'), 'b\nc‸');
  });
});
