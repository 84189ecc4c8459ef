import assert from 'node:assert/strict';
import { identifiersIn, queryTerms, stem, termsOf } from '../../../server/index/terms.js';

describe('search terms', () => {
  it('keep an identifier whole and split it by case, underscores and digits', () => {
    assert.deepEqual(termsOf('parseHTTPHeader2'), [
      'parsehttpheader2',
      'pars',
      'http',
      'head',
      '2',
    ]);
    assert.deepEqual(termsOf('MAX_RETRY_COUNT'), ['max_retry_count', 'max', 'retry', 'count']);
  });

  it('meet between question and code: endings are cut alike', () => {
    for (const [a, b] of [
      ['retries', 'retry'],
      ['parsing', 'parser'],
      ['delayed', 'delays'],
      ['stopped', 'stop'],
      ['caches', 'cache'],
      ['classes', 'class'],
      ['queries', 'query'],
    ] as const) {
      assert.equal(stem(a), stem(b), `${a} and ${b}`);
    }
  });

  it('leave short words and names with digits alone', () => {
    for (const word of ['as', 'bus', 'this', 'utf8', 'red']) {
      assert.equal(stem(word), word);
    }
  });

  it('of a question leave out the words that questions are built of', () => {
    assert.deepEqual(queryTerms('How are the retries of a request delayed?'), [
      'retry',
      'request',
      'delay',
    ]);
  });

  it('identifiers are named once, in order, numbers left out', () => {
    assert.deepEqual(identifiersIn('a.b(a, 12, $c_d)'), ['a', 'b', '$c_d']);
  });
});
