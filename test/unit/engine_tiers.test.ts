import assert from 'node:assert/strict';
import type { NativeSession } from '../../server/engine/addon.js';
import { LeoSession, useOf } from '../../server/engine/session.js';
import type { TierCounters } from '../../server/engine/tierOptions.js';
import { hitRates } from '../../server/engine/tierRates.js';

describe('figures of the tiers', () => {
  it('count as a hit of RAM only what nothing was read for, be it read ahead or not', () => {
    // Each pass wants 100 blocks and reads 90 of them ahead.
    const moved = { blocksWanted: 1000, blocksRead: 900, blocksFromDevice: 0 };
    const { ram = 1, device } = hitRates(moved);
    assert.ok(Math.abs(ram - 0.1) < 1e-9, String(ram));
    assert.equal(device, 0);
  });

  it('say of a device how much it spares the disk', () => {
    const { ram = 1, device } = hitRates({
      ...{ blocksWanted: 1000, blocksRead: 100, blocksFromDevice: 300 },
    });
    assert.ok(Math.abs(ram - 0.6) < 1e-9, String(ram));
    assert.equal(device, 0.75);
  });

  it('say nothing before the first block, and no less than nothing of what was read in vain', () => {
    assert.deepEqual(hitRates({ blocksWanted: 0, blocksRead: 0, blocksFromDevice: 0 }), {});
    assert.equal(hitRates({ blocksWanted: 10, blocksRead: 12, blocksFromDevice: 0 }).ram, 0);
  });

  it('sum up what moved for all contexts, each once', () => {
    const sessions = [
      sessionWith({ context: 1, blocksWanted: 10, blocksRead: 4, blocksFromDevice: 2 }),
      sessionWith({ context: 1, blocksWanted: 20, blocksRead: 8, blocksFromDevice: 4 }),
      sessionWith({ context: 2, blocksWanted: 5, blocksRead: 5, blocksFromDevice: 0 }),
    ];
    const { evidence } = useOf(sessions, 1);
    assert.ok(evidence !== undefined);
    const { blocksWanted, blocksRead, blocksFromDevice } = evidence;
    assert.deepEqual([blocksWanted, blocksRead, blocksFromDevice], [25, 13, 4]);
  });

  it("show of a device's memory what is taken, and no device that had no room", () => {
    const taken = { deviceBudgetBytes: 600, deviceBytes: 100 };
    const { device } = useOf([sessionWith({ context: 1, ...taken })], 1);
    assert.equal(device?.budgetBytes, 600); // of 1000 that were asked for
    const refused = useOf([sessionWith({ context: 2, deviceBudgetBytes: 0 })], 1);
    assert.equal(refused.device, undefined);
    assert.ok(refused.evidence !== undefined);
  });
});

/** A session about evidence in tiers that were given memory of a device, too. */
function sessionWith(counters: Partial<TierCounters>): LeoSession {
  const native: Partial<NativeSession> = {
    size: () => 0,
    tiers: () => ({ ...none, ...counters }),
  };
  const tiers = { ramBytes: 100, deviceBytes: 1000 };
  return new LeoSession(native as NativeSession, tiers, () => undefined);
}

const none: TierCounters = {
  ...{ context: 0, blocksWanted: 0, blocksHit: 0, blocksRead: 0, blocksHigh: 0 },
  ...{ blocksFromDevice: 0, blocksDropped: 0, blocksWeighed: 0, blocksNeeded: 0, bytesRead: 0 },
  ...{ linkMbPerSecond: 0, decodeMbPerSecond: 0, bytesToDevice: 0, bytesFromDevice: 0 },
  ...{ ramBytes: 0, ramBlocks: 0, peakBytes: 0, deviceBytes: 0, deviceBlocks: 0 },
  ...{ deviceBudgetBytes: 0, devicePeakBytes: 0, deviceLost: false, abstractBytes: 0, kvBytes: 0 },
  ...{ waitedMs: 0, chooseMs: 0 },
};
