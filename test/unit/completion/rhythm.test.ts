import assert from 'node:assert/strict';
import { Rhythm } from '../../../server/completion/rhythm.js';

/** Types `count` keys, the first at `from`; the time of the next one. */
function type(rhythm: Rhythm, gapMs: number, count = 40, from = 0): number {
  for (let key = 0; key < count; key++) {
    rhythm.typed(from + key * gapMs);
  }
  return from + count * gapMs;
}

/** With suggestions that take so long. */
function withLatency(ms: number): Rhythm {
  const rhythm = new Rhythm();
  for (let i = 0; i < 40; i++) {
    rhythm.computed(ms);
  }
  return rhythm;
}

describe('the rhythm of typing', () => {
  it('lets a suggestion wait for about a gap between keys where it takes long', () => {
    const rhythm = withLatency(600);
    type(rhythm, 120);
    const wait = rhythm.waitMs('x');
    assert.ok(wait >= 120 && wait <= 180, `${wait}`);
  });

  it('waits longer for who types more slowly, as long as a suggestion takes long', () => {
    const fast = withLatency(600);
    const slow = withLatency(600);
    type(fast, 60);
    type(slow, 160);
    assert.ok(fast.waitMs('x') < slow.waitMs('x'));
  });

  it('waits hardly at all where suggestions come at once', () => {
    const rhythm = withLatency(15);
    type(rhythm, 150);
    assert.ok(rhythm.waitMs('x') <= 20, `${rhythm.waitMs('x')}`);
  });

  it('counts the pause that there has been', () => {
    const rhythm = withLatency(600);
    const end = type(rhythm, 120) - 120;
    const wait = rhythm.waitMs('x', end);
    assert.ok(Math.abs(rhythm.waitMs('x', end + 50) - (wait - 50)) < 1);
    assert.equal(rhythm.waitMs('x', end + 1000), 0);
  });

  it('takes changes of other documents for no typing', () => {
    const rhythm = withLatency(600);
    type(rhythm, 120);
    const before = rhythm.waitMs('x');
    for (let i = 0; i < 50; i++) {
      rhythm.typed(10_000 + i, `file${i}.ts`);
    }
    assert.ok(Math.abs(rhythm.waitMs('x') - before) < 1);
  });

  it('waits less behind a character after which a name or a line begins', () => {
    const rhythm = withLatency(600);
    type(rhythm, 150);
    for (const trigger of ['.', '(', ' ', '\n', '=']) {
      assert.ok(rhythm.waitMs(trigger) < rhythm.waitMs('x'), JSON.stringify(trigger));
    }
  });

  it('is never more impatient than 10 ms, nor slower than 250 ms', () => {
    const eager = withLatency(0);
    type(eager, 1);
    assert.equal(eager.waitMs('.'), 10);
    const patient = withLatency(60_000);
    type(patient, 990);
    assert.equal(patient.waitMs('x'), 250);
  });

  it('takes a pause for no rhythm', () => {
    const rhythm = withLatency(600);
    const end = type(rhythm, 100);
    const before = rhythm.waitMs('x');
    rhythm.typed(end + 5_000);
    rhythm.typed(end + 90_000);
    assert.equal(rhythm.waitMs('x'), before);
  });

  it('learns a new pace within some twenty keys', () => {
    const rhythm = withLatency(2_000);
    const end = type(rhythm, 200);
    type(rhythm, 80, 20, end);
    const wait = rhythm.waitMs('x');
    assert.ok(wait < 1.2 * 90, `${wait}`);
  });

  it('is not thrown off by a single slow suggestion', () => {
    const rhythm = withLatency(40);
    type(rhythm, 200);
    rhythm.computed(400);
    assert.ok(rhythm.waitMs('x') < 100, `${rhythm.waitMs('x')}`);
  });
});
