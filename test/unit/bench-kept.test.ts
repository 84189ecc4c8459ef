// What the soak bench holds kept suggestions against.

import assert from 'node:assert/strict';
import type { CompletionRecord } from '../../server/protocol/completion.js';
import { KeptCheck } from '../bench/keptCheck.js';

const uri = 'file:///shop.ts';
const head = 'const a = ';
const tail = '\nconst z = 1;\n';

describe('what was kept of suggestions', () => {
  let check: KeptCheck;
  let id: number;

  beforeEach(() => {
    check = new KeptCheck();
    id = 0;
  });

  /** Typed behind `head`, and what is suggested there; the likeliest first. */
  const shows = (typed: string, ...texts: string[]): void => {
    const offset = head.length + typed.length;
    check.answered(
      { uri, text: head + typed + tail, offset },
      texts.map((text) => ({ text, start: offset, end: offset })),
    );
  };

  const told = (outcome: CompletionRecord['outcome'], text: string): string | undefined =>
    check.problemOf({ id: ++id, uri, line: 1, outcome, text } as CompletionRecord);

  const keeps = (typed: string, text: string): string | undefined => {
    shows(typed, text);
    return told('kept', text);
  };

  it('has to be the rest of what was shown', () => {
    shows('', 'price(item)');
    told('computed', 'price(item)');
    assert.equal(keeps('pri', 'ce(item)'), undefined);
    assert.equal(check.rests, 1);
    assert.match(keeps('pr', 'ce(item)') ?? '', /"ice\(item\)" is the rest/u);
  });

  it('may be the rest of any that was shown at the place', () => {
    shows('', 'price(item)', 'total(items)');
    told('kept', 'price(item)');
    assert.equal(keeps('to', 'tal(items)'), undefined);
    assert.notEqual(keeps('to', 'ps'), undefined);
  });

  it('may be what was made and not shown', () => {
    shows('', 'price');
    told('computed', 'price');
    assert.equal(keeps('price', '(item)'), undefined); // computed while the first was read
    shows('pr', 'ice'); // typed back
    told('kept', 'ice');
    shows('p');
    assert.equal(keeps('pri', 'nt()'), undefined);
    assert.equal(check.rests, 1);
  });

  it('is nothing of what was computed anew', () => {
    shows('', 'price(item)');
    told('computed', 'price(item)');
    shows('pr', 'oduct');
    assert.equal(told('computed', 'oduct'), undefined);
    assert.equal(check.rests, 0);
  });
});
