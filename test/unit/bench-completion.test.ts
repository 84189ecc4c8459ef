// From played requests to what the completion bench prints.

import assert from 'node:assert/strict';
import {
  isAnswered,
  leoamSample,
  sessionReport,
  type PlayedRequest,
} from '../bench/completionReport.js';
import type { CompletionRecord } from '../../server/protocol/completion.js';

describe('the completion report', () => {
  const report = sessionReport([
    played({ totalMs: 100, tokensComputed: 6 }, { with: 900, without: 300 }),
    played({ totalMs: 200, tokensComputed: 8 }, { with: 1000, without: 500 }),
    played({ totalMs: 1, tokensComputed: 0, outcome: 'kept' }, { with: 800, without: 400 }),
    played({ totalMs: 1, tokensComputed: 0, outcome: 'dropped', reason: 'insideWord' }),
  ]);

  it('takes the median of the speedups request by request', () => {
    assert.equal(report?.medianSpeedupOverPeerWithContext, 9);
    assert.equal(report?.medianSpeedupOverPeerWithout, 3);
  });

  it('counts what was kept from before as a request, and tells of the others apart', () => {
    assert.deepEqual([report?.n, report?.computedOnly?.n], [3, 2]);
    assert.equal(report?.medianTokensComputedPerRequest, 6);
    assert.equal(report?.computedOnly?.medianTokensComputedPerRequest, 7);
    assert.equal(report?.computedOnly?.medianSpeedupOverPeerWithContext, 7);
  });

  it('leaves out of the times what the model was not asked for, not of the shares', () => {
    assert.equal(report?.systems.leoam.n, 3);
    assert.deepEqual(report?.outcomes, {
      computed: 0.5,
      'dropped: insideWord': 0.25,
      kept: 0.25,
    });
  });

  it('is none where nothing was answered', () => {
    const dropped = played({ totalMs: 1, outcome: 'dropped', reason: 'insideWord' });
    assert.equal(sessionReport([dropped]), null);
  });
});

describe('a record of the server', () => {
  it('counts as answered unless it was dropped before the model saw it', () => {
    assert.ok(isAnswered(record('computed', 5)));
    assert.ok(isAnswered(record('kept', 0)));
    assert.ok(isAnswered(record('dropped', 5)));
    assert.ok(!isAnswered(record('dropped', 0)));
  });

  it("gives the time to the first token; the whole time is the editor's", () => {
    const sample = leoamSample(record('computed', 5), 77);
    assert.deepEqual([sample.ttftMs, sample.totalMs, sample.serverMs], [10, 77, 70]);
  });
});

function played(
  { reason, outcome = 'computed', ...own }: Partial<PlayedRequest & PlayedRequest['leoam']>,
  peers?: { with: number; without: number },
): PlayedRequest {
  const tokens = { tokensComputed: 500, tokensDecoded: 8 };
  const sample = (totalMs: number): PlayedRequest['leoam'] => ({
    ...leoamSample(record(outcome, 5), totalMs),
    ...tokens,
  });
  return {
    ...{ repo: 'ky', kind: 'type', outcome },
    ...(reason === undefined ? {} : { reason }),
    leoam: { ...sample(0), ...own },
    ...(peers === undefined
      ? {}
      : { peers: { withContext: sample(peers.with), without: sample(peers.without) } }),
  };
}

function record(outcome: CompletionRecord['outcome'], tokensComputed: number): CompletionRecord {
  return {
    ...{ id: 1, time: 0, uri: 'file:///x.js', line: 1, outcome, text: '', sources: [] },
    counters: {
      ...{ tokensComputed, tokensReused: 0, tokensMoved: 0, tokensDecoded: tokensComputed },
      ...{ tokensDrafted: 0, tokensAccepted: 0, workingSetTokens: 0, bytesFromDisk: 0 },
    },
    timings: { waitMs: 0, selectMs: 1, queuedMs: 0, ttftMs: 10, totalMs: 70 },
  };
}
