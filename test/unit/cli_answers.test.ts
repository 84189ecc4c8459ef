import assert from 'node:assert/strict';
import { containsAnswer, goldText, isCorrect, normalizeAnswer } from '../../server/cli/answers.js';

describe('judging answers', () => {
  it('does not mind case, quotes, backticks and white space', () => {
    assert.equal(normalizeAnswer('The `Value`  is\n"X"'), 'the value is x');
    assert.ok(containsAnswer('It is `retryLimit`.', 'RetryLimit'));
  });

  it('does not take a number for a part of a longer one', () => {
    assert.equal(containsAnswer('The limit is 15.', '5'), false);
    assert.equal(containsAnswer('It is 1.5 seconds.', '5'), false);
    assert.equal(containsAnswer('It is 5.25.', '5'), false);
    assert.ok(containsAnswer('It is 5.', '5'));
    assert.ok(containsAnswer('15, then 5ms', '5'));
  });

  it('reads separators in numbers', () => {
    assert.ok(containsAnswer('10,000 ms', '10000'));
    assert.ok(containsAnswer('10000', '10_000'));
  });

  it('needs any of answers and all of mustAll', () => {
    assert.ok(isCorrect('b', { answers: ['a', 'b'] }));
    assert.equal(isCorrect('a', { mustAll: ['a', 'b'] }), false);
    assert.ok(isCorrect('b, a', { mustAll: ['a', 'b'] }));
    assert.equal(isCorrect('a b', { answers: ['c'], mustAll: ['a', 'b'] }), false);
  });

  it('measures the first accepted answer', () => {
    assert.equal(goldText({ answers: ['x', 'y'] }), 'x');
    assert.equal(goldText({ mustAll: ['x', 'y'] }), 'x` and `y');
  });
});
