import assert from 'node:assert/strict';
import type { CompletionRecord } from '../../../server/protocol/completion.js';
import type { Evidence } from '../../../extension/tiers/evidenceLines.js';
import type { Server } from '../../../extension/server/server.js';
import { runCommand, showEditor, shownMessages } from './vscodeStub.js';

const { evidenceLines } = await import('../../../extension/tiers/evidenceLines.js');

const folder = 'file:///a';
const hovers = new Map<number, string>();
const limits = showEditor(`${folder}/src/limits.ts`, 30, hovers);
const basket = showEditor(`${folder}/src/basket.ts`, 9);

describe('the lines that the latest answer or suggestion rested on', () => {
  let answer: Evidence | undefined;
  let records: Partial<CompletionRecord>[];
  let made: { dispose(): void };

  beforeEach(() => {
    answer = undefined;
    records = [];
    const server = { state: 'running', request: () => Promise.resolve(records) };
    made = evidenceLines(server as unknown as Server, () => answer);
  });

  afterEach(() => made.dispose());

  const toggle = (): Promise<void> => runCommand('leoam.tiers.showEvidence');
  const suggestion = (time: number, path: string): Partial<CompletionRecord> => ({
    time,
    uri: `${folder}/src/checkout.ts`,
    outcome: 'computed',
    sources: [{ path, startLine: 3, endLine: 5 }],
  });

  it('are marked on request, and no longer at the next', async () => {
    const sources = [
      { path: 'src/limits.ts', startLine: 2, endLine: 4, weight: 0.7 },
      { path: 'src/limits.ts', startLine: 20, endLine: 21, weight: 0.2 },
      { path: 'src/basket.ts', startLine: 8, endLine: 40, weight: 0.1 },
    ];
    answer = { folder, time: 5, sources };
    await toggle();
    assert.deepEqual(limits, [
      [1, 3],
      [19, 20],
    ]);
    assert.deepEqual(basket, [[7, 8]]); // the file has become shorter
    await toggle();
    assert.deepEqual([...limits, ...basket], []);
  });

  it('are those of a suggestion where it came later, dropped ones aside', async () => {
    answer = {
      ...{ folder, time: 5 },
      sources: [{ path: 'src/basket.ts', startLine: 1, endLine: 1, weight: 1 }],
    };
    records = [
      { ...suggestion(9, 'src/basket.ts'), outcome: 'dropped' },
      suggestion(8, 'src/limits.ts'),
    ];
    await toggle();
    assert.deepEqual(limits, [[2, 4]]);
    assert.deepEqual(basket, []);
    await toggle();
    answer.time = 10;
    await toggle();
    assert.deepEqual(limits, []);
    assert.deepEqual(basket, [[0, 0]]);
    await toggle();
  });

  it('are those of the last answer where another was marked', async () => {
    const of = (path: string): Evidence['sources'] => [
      { path, startLine: 3, endLine: 5, weight: 1 },
    ];
    answer = { folder, time: 5, sources: of('src/basket.ts') };
    await toggle();
    answer = { folder, time: 6, sources: of('src/limits.ts') };
    await toggle();
    assert.deepEqual(basket, []);
    assert.deepEqual(limits, [[2, 4]]);
    await toggle();
    assert.deepEqual(limits, []);
  });

  it('say at the pointer what is known of them: of a suggestion no measure', async () => {
    const source = { path: 'src/limits.ts', startLine: 10, endLine: 11 };
    answer = { folder, time: 9, sources: [{ ...source, weight: 0.7 }] };
    await toggle();
    assert.match(hovers.get(9) ?? '', /^LeoAM: 70 % of what .* attention and by the order/u);
    await toggle();
    answer = undefined;
    records = [{ ...suggestion(10, 'src/limits.ts'), sources: [source] }];
    await toggle();
    assert.match(hovers.get(9) ?? '', /^LeoAM: one of the passages .* not measured$/u);
    await toggle();
  });

  it('are none where nothing was written yet, which is said', async () => {
    await toggle();
    assert.match(shownMessages.at(-1) ?? '', /^No answer or suggestion has rested on lines/u);
  });
});
