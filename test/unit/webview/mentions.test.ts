import assert from 'node:assert/strict';
import { mentionAt } from '../../../extension/webview/mentions.js';

describe('mention that is being written', () => {
  it('begins with @ at the start of a word', () => {
    assert.deepEqual(mentionAt('@src', 4), { start: 0, query: 'src' });
    assert.deepEqual(mentionAt('see (@', 6), { start: 5, query: '' });
    assert.equal(mentionAt('me@example', 10), undefined);
  });

  it('ends at the cursor and at a space', () => {
    assert.deepEqual(mentionAt('@src/a.ts', 4), { start: 0, query: 'src' });
    assert.equal(mentionAt('@src here', 9), undefined);
  });

  it('is not as long as a pasted text', () => {
    assert.equal(mentionAt(`@${'a'.repeat(301)}`, 302), undefined);
  });
});
