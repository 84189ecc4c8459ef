import assert from 'node:assert/strict';
import { dropReason, type CompletionRecord } from '../../../server/protocol/completion.js';
import type { Drop } from '../../../extension/completion/drops.js';
import { bringLanguages } from './vscodeStub.js';

const { explanation } = await import('../../../extension/completion/explain.js');

const at = (seconds: number): number => new Date(2025, 0, 1, 14, 5, seconds).getTime();

const computed: CompletionRecord = {
  id: 1,
  time: at(10),
  uri: 'file:///a/src/shop.ts',
  line: 7,
  outcome: 'computed',
  text: 'Shipping(total)) {\n    return 0;',
  sources: [
    { path: 'src/limits.ts', startLine: 5, endLine: 7, isUnsaved: true },
    { path: 'src/basket.ts', startLine: 1, endLine: 14 },
  ],
  meanLogProbability: -0.2,
  counters: {
    tokensComputed: 12,
    tokensReused: 640,
    tokensMoved: 1280,
    tokensDecoded: 9,
    tokensDrafted: 0,
    tokensAccepted: 0,
    workingSetTokens: 320,
    bytesFromDisk: 0,
  },
  timings: { waitMs: 74.6, selectMs: 3.2, queuedMs: 4.4, ttftMs: 81, totalMs: 190 },
};

const nothingDone: CompletionRecord = {
  ...computed,
  id: 2,
  time: at(20),
  outcome: 'dropped',
  reason: 'insideWord',
  text: '',
  sources: [],
  counters: { ...computed.counters, tokensComputed: 0, tokensReused: 0, tokensMoved: 0 },
  timings: { waitMs: 0, selectMs: 0, queuedMs: 0, ttftMs: 0, totalMs: 0 },
};
nothingDone.counters.tokensDecoded = 0;

const off: Drop = {
  time: at(15),
  uri: 'file:///a/src/shop.ts',
  line: 9,
  languageId: 'typescript',
  reason: 'offForLanguage',
  count: 1,
};

describe('"Why was nothing shown?"', () => {
  const explain = (records: CompletionRecord[], drops: Drop[] = []): string =>
    explanation({ notices: ['Suggestions: on. Ready.'], records, drops });

  before(() => bringLanguages({ typescript: 'TypeScript' }));

  it('has what the server and what the extension turned down, the newest first', () => {
    const headings = [...explain([nothingDone, computed], [off]).matchAll(/^## .*$/gmu)];
    assert.deepEqual(
      headings.map(([heading]) => /:\d\d:(\d\d)\b.* (\S+)$/u.exec(heading)?.slice(1)),
      [
        ['20', 'src/shop.ts:7'],
        ['15', 'src/shop.ts:9'],
        ['10', 'src/shop.ts:7'],
      ],
    );
  });

  it('tells what holds for all', () => {
    assert.ok(explain([]).includes('Suggestions: on. Ready.'));
    assert.ok(explain([]).includes('Nothing was asked for yet.'));
  });

  it('tells for a suggestion its text, times, tokens and passages', () => {
    const text = explain([computed]);
    for (const line of [
      'Suggested:',
      '    Shipping(total)) {',
      '- Time: 75 ms until typing paused, 3 ms to choose passages, 4 ms behind other work, 81 ms to the first token, 190 ms in all',
      '- Tokens: 12 computed, 640 reused, 1,280 moved, 9 written',
      '- Passages: src/limits.ts:5-7 (not saved), src/basket.ts:1-14',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nis not in\n${text}`);
    }
  });

  it('tells what ran ahead of need before, also of keys that ended for one reason', () => {
    const ahead = { ...computed.counters, tokensComputed: 310, tokensDecoded: 1 };
    const next = { ...computed.counters, tokensComputed: 8, tokensDecoded: 21 };
    const older = { ...nothingDone, time: at(19), prepared: ahead, lookedAhead: next };
    const text = explain([nothingDone, older]);
    for (const line of [
      '- Tokens prepared before, where the cursor rested: 310 computed, 640 reused, 1,280 moved, 1 written',
      '- Tokens computed ahead before, while a suggestion was read: 8 computed, 640 reused, 1,280 moved, 21 written',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\nis not in\n${text}`);
    }
  });

  it('leaves times, tokens and passages out where there are none', () => {
    const text = explain([nothingDone]);
    assert.ok(text.includes('Nothing was shown. The cursor stood within a word.'), text);
    assert.ok(!/^- /mu.test(text), text);
  });

  it('has a sentence of its own for each reason of the server', () => {
    const sentences = dropReason.options.map((reason) => {
      const text = explain([{ ...nothingDone, reason, message: 'The disk is full.' }]);
      return /^Nothing was shown\. (.+\.)$/mu.exec(text)?.[1];
    });
    assert.ok(!sentences.includes(undefined), JSON.stringify(sentences));
    assert.equal(new Set(sentences).size, dropReason.options.length);
  });

  it('has a sentence of its own for each reason of the extension', () => {
    const reasons = [
      'off',
      'untrusted',
      'offForLanguage',
      'snoozed',
      'notActiveEditor',
      'outsideFolder',
    ] as const;
    const sentences = reasons.map((reason) => {
      const text = explain([], [{ ...off, reason }]);
      return /^Nothing was shown\. (.+\.)$/mu.exec(text)?.[1];
    });
    assert.ok(!sentences.includes(undefined), JSON.stringify(sentences));
    assert.equal(new Set(sentences).size, reasons.length);
    assert.ok(sentences[2]?.includes('TypeScript'), sentences[2]);
  });

  it('has one entry for the keys of a line that ended for one reason', () => {
    const text = explain(
      [nothingDone, { ...nothingDone, time: at(19) }, { ...nothingDone, time: at(18), line: 8 }],
      [{ ...off, count: 3 }],
    );
    const headings = [...text.matchAll(/^## .*$/gmu)].map(([heading]) => heading);
    assert.deepEqual(
      headings.map((heading) => heading.replace(/^.* src/u, 'src')),
      ['src/shop.ts:7 (2×)', 'src/shop.ts:8', 'src/shop.ts:9 (3×)'],
    );
  });

  it('does not join what the model wrote and what was not shown of it', () => {
    const unlikely = { ...nothingDone, reason: 'unlikely' as const, text: 'perhaps' };
    const headings = explain([unlikely, { ...unlikely, time: at(19) }]).match(/^## /gmu);
    assert.equal(headings?.length, 2);
  });

  it('tells what failed', () => {
    const failed = { ...nothingDone, reason: 'failed' as const, message: 'The disk is full.' };
    assert.ok(explain([failed]).includes('Nothing was shown. The disk is full.'));
  });

  it('shows the beginning of a long suggestion only', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line${index}`);
    const text = explain([{ ...computed, text: lines.join('\r\n') }]);
    assert.ok(text.includes('    line7\n    …\n'), text);
    assert.ok(!text.includes('line8'), text);
  });
});
