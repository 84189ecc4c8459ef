import assert from 'node:assert/strict';
import './vscodeStub.js';
import type { TiersView } from '../../../server/protocol/tiers.js';

const { pictureOf } = await import('../../../extension/tiers/picturePanel.js');

const viewWith = (ram: Partial<TiersView['ram']>): TiersView => ({
  ram: {
    ...{ sessionBytes: 0, sessionTokens: 0, segmentBytes: 0, segmentBudgetBytes: 0 },
    ...{ segments: 0, refusedBytes: 0, ...ram },
  },
  disk: {
    ...{ bytes: 1000, pinnedBytes: 0, budgetBytes: 0, segments: 1, chunks: 1, tokens: 1 },
    ...{ bytesRead: 0, bytesWritten: 0, evicted: 0, damaged: 0 },
  },
  answers: [],
  folders: [],
});

describe('the picture of the tiers', () => {
  const ramFilled = (ram: Partial<TiersView['ram']>): number | undefined =>
    pictureOf(viewWith(ram)).tiers[1]?.filled;

  it('draws RAM as full as its budgets are, whatever the disk holds', () => {
    const evidence = { bytes: 30, budgetBytes: 40, blocks: 1 };
    assert.equal(ramFilled({ segmentBytes: 30, segmentBudgetBytes: 60 }), 0.5);
    const all = { sessionBytes: 30, evidence, segmentBytes: 60, segmentBudgetBytes: 60 };
    assert.equal(ramFilled(all), 0.9);
    assert.equal(ramFilled({ ...all, evidence: { ...evidence, bytes: 20 } }), 90 / 110);
  });

  it('draws it beside the fullest tier where it has no budget', () => {
    assert.equal(ramFilled({ sessionBytes: 250 }), 0.25);
  });
});
