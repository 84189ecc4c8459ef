import assert from 'node:assert/strict';
import { contentWords, identifiersOf, splitIdentifier } from '../../server/retrieval/words.js';

describe('words of code', () => {
  it('splits identifiers at case and underscores', () => {
    assert.deepEqual(splitIdentifier('parseHTTPResponse'), ['parse', 'http', 'response']);
    assert.deepEqual(splitIdentifier('MAX_RETRY_COUNT'), ['max', 'retry', 'count']);
  });

  it('keeps identifiers whole, each once, in order', () => {
    assert.deepEqual(identifiersOf('b.call(a, b, $x)'), ['b', 'call', 'a', '$x']);
  });

  it('leaves out words that name no line of code', () => {
    assert.deepEqual([...contentWords('What is the default retryDelay?')], ['retry', 'delay']);
  });
});
