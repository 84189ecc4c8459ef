import assert from 'node:assert/strict';
import { choicesOf, measuredOf } from '../bench/tiers.js';
import { divergence, sameTokens } from '../bench/tiersQuality.js';
import { tokenTimes } from '../bench/tiersSteps.js';
import { settingsOf, type Choices } from '../bench/tiersWays.js';

describe('bench tiers', () => {
  it('tells how far what is thought likely lies from what is so', () => {
    const even = Float32Array.of(0, 0, 5, 5);
    assert.equal(divergence(even, even, 2), 0);
    // The second row only: half of the weight each against nine tenths and a tenth.
    const skewed = Float32Array.of(1, 1, Math.log(9), 0);
    const expected = 0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1);
    assert.ok(Math.abs(divergence(even, skewed, 2) - expected / 2) < 1e-6);
  });

  it("tells a step's time over the answers that it wrote to, which end one before the other", () => {
    assert.deepEqual(tokenTimes([[0, 10, 30]]), [10, 20]);
    assert.deepEqual(
      tokenTimes([
        [100, 140, 180, 200],
        [101, 141],
        [], // ends before it says anything
      ]),
      [20, 40, 20, 20],
    );
    assert.deepEqual(tokenTimes([[5, 5]]), [0]); // a passed draft comes at once
    assert.deepEqual(tokenTimes([[5]]), []);
  });

  it('tells how many tokens answers share with those in their places, from the start on', () => {
    const exact = [Int32Array.of(1, 2, 3, 4), Int32Array.of(5, 6)];
    assert.equal(sameTokens(exact, exact), 3);
    assert.equal(sameTokens(exact, [Int32Array.of(1, 9, 3, 4), Int32Array.of(5, 6, 7)]), 1.5);
    assert.equal(sameTokens(exact, [Int32Array.of(1, 2), Int32Array.of()]), 1);
  });

  it('measures each way with each memory, disk and number of answers, and what it is compared to', () => {
    const choices: Choices = {
      ...{ ways: ['leoam', 'lossless'], batches: [1, 4], rams: [10, 25], kvs: ['q8'] },
      ...{ devicePercents: [0], share: 0.5, masses: undefined, disks: ['real', 500] },
      draftTokens: 12,
    };
    const settings = settingsOf(choices);
    const count = (way: string, batch: number): number =>
      settings.filter((one) => one.way === way && one.batch === batch).length;
    assert.deepEqual([count('memory', 1), count('memory', 4)], [1, 1]);
    assert.deepEqual([count('full-disk', 1), count('full-disk', 4)], [2, 2]);
    assert.deepEqual([count('leoam', 1), count('leoam', 4)], [4, 4]);
    // Answers that are written together guess nothing.
    assert.deepEqual([count('lossless', 1), count('lossless', 4)], [4, 0]);
    assert.equal(settings[0]?.way, 'memory');
  });

  it('measures the real disk, a throttled one and what code is like there when nobody says otherwise', () => {
    const disks = settingsOf(choicesOf({})).flatMap(({ way, disk }) =>
      way === 'leoam' ? [disk] : [],
    );
    assert.deepEqual(disks, ['real', 1000]);
    assert.ok(measuredOf({}).codeTokens > 0);
    assert.equal(measuredOf({ 'code-tokens': '0' }).codeTokens, 0);
    assert.equal(measuredOf({ 'code-tokens': '7', questions: '3' }).codeTokens, 7);
    assert.throws(() => measuredOf({ questions: 'all' }), /--questions/u);
  });

  it('measures the page cache alone with a real disk and no device', () => {
    const settings = settingsOf({
      ...{ ways: ['mmap'], batches: [1], rams: [10, 25], kvs: ['q8'], devicePercents: [0, 50] },
      ...{ share: 0.5, masses: undefined, disks: ['real', 500], draftTokens: 12 },
    }).filter(({ way }) => way === 'mmap');
    assert.deepEqual(
      settings.map(({ disk, ramPercent, devicePercent }) => [disk, ramPercent, devicePercent]),
      [
        ['real', 10, 0],
        ['real', 25, 0],
      ],
    );
    assert.deepEqual(settings[0]?.tiers, { prefetch: false, kv: 'q8' });
  });
});
