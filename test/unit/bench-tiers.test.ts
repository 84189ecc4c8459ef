import assert from 'node:assert/strict';
import { divergence } from '../bench/tiersQuality.js';
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
