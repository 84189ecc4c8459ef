import assert from 'node:assert/strict';
import { editSimilarity } from '../../../server/cli/completeFile.js';

describe('edit similarity', () => {
  it('is 1 for equal texts and 0 for texts that share nothing', () => {
    assert.equal(editSimilarity('retry()', 'retry()'), 1);
    assert.equal(editSimilarity('', ''), 1);
    assert.equal(editSimilarity('abc', 'xyz'), 0);
    assert.equal(editSimilarity('', 'xyz'), 0);
  });

  it('counts edits over the longer length, either way round', () => {
    assert.equal(editSimilarity('kitten', 'sitting'), 1 - 3 / 7);
    assert.equal(editSimilarity('sitting', 'kitten'), 1 - 3 / 7);
  });
});
