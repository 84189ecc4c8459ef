import assert from 'node:assert/strict';
import { Begun } from '../../../server/completion/begun.js';
import type { Place } from '../../../server/completion/place.js';
import { completionOf } from './fakeCompleter.js';

const uri = 'file:///a.ts';

/** The cursor stands at the bar. */
function place(marked: string): Place {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return { text, offset, languageId: 'typescript' };
}

describe('what was begun', () => {
  const begun = new Begun();
  begun.ended(uri, place('a = |\n'), completionOf('one(two', 'cancelled'));

  it('is the guess where it was written, and where its start has been typed since', () => {
    assert.equal(begun.guess(uri, place('a = |\n')), 'one(two');
    assert.equal(begun.guess(uri, place('a = one|)\n')), '(two');
  });

  it('is none where something else stands, nothing of it is left, or in another document', () => {
    assert.equal(begun.guess(uri, place('a = x|\n')), undefined);
    assert.equal(begun.guess(uri, place('a =|\n')), undefined);
    assert.equal(begun.guess(uri, place('b = |\n')), undefined);
    assert.equal(begun.guess(uri, place('a = one(two|\n')), undefined);
    assert.equal(begun.guess('file:///b.ts', place('a = |\n')), undefined);
  });

  it('stays until another one is cut short', () => {
    begun.ended(uri, place('a = |\n'), completionOf('three()'));
    begun.ended(uri, place('a = |\n'), completionOf('', 'cancelled'));
    assert.equal(begun.guess(uri, place('a = |\n')), 'one(two');
    begun.ended(uri, place('a = |\n'), completionOf('four', 'cancelled'));
    assert.equal(begun.guess(uri, place('a = |\n')), 'four');
  });
});
