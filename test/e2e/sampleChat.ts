// A chat that shows everything the view can show, for tests of its looks.

import type { ChatView, StatusView, TurnView } from '../../extension/shared/messages.js';

const code = [
  '```ts',
  '// Adds an item unless the basket is full.',
  'export function add(items: string[], item: string): boolean {',
  "  const limit = 37, name = 'basket';",
  '  return items.length < limit && items.push(`${name}: ${item}`) > 0;',
  '}',
  '```',
].join('\n');

const answer = [
  'A basket holds **37 items** at most, as `src/limits.ts:2` says; see [the manual](https://example.com/manual).',
  '',
  '1. `MAX_BASKET_ITEMS` is the limit.',
  '2. `Basket.add` compares with it.',
  '',
  code,
  '',
  '| name | value |',
  '| --- | ---: |',
  '| MAX_BASKET_ITEMS | 37 |',
  '| FREE_SHIPPING_CENTS | 4900 |',
  '',
  '> Free shipping begins at 49.00. ![a picture](https://example.com/shipping.png)',
].join('\n');

const answered: TurnView = {
  id: '1',
  question: 'How many items fit into a basket at most, and where does it say so?',
  chips: [{ id: 'a', kind: 'selection', path: 'src/basket.ts', startLine: 7, endLine: 9 }],
  state: 'done',
  answer,
  sources: [
    { path: 'src/limits.ts', startLine: 1, endLine: 7, weight: 0.55, isOutdated: false },
    { path: 'src/basket.ts', startLine: 6, endLine: 13, weight: 0.3, isOutdated: false },
    {
      path: 'packages/shop/src/checkout/shipping/calculateShippingCosts.ts',
      startLine: 120,
      endLine: 164,
      weight: 0.15,
      isOutdated: true,
    },
  ],
  warnings: ['A passage was damaged on disk and has been read again.'],
  details: {
    model: 'qwen2.5-coder-1.5b-instruct-q4_k_m',
    ttftMs: 840,
    totalMs: 6_230,
    decodeTokensPerSecond: 18.4,
    tokensComputed: 96,
    tokensRepaired: 62,
    tokensReused: 1_840,
    questionTokens: 34,
    repoTokens: 128_400,
    repoTokensComputed: 0,
    workingSetTokens: 1_780,
    bytesFromDisk: 51_240_960,
  },
  canContinue: false,
};

const stopped: TurnView = {
  id: '2',
  question: 'And what happens when it is full?',
  chips: [],
  state: 'stopped',
  answer: 'Then `add` returns',
  sources: [{ path: 'src/basket.ts', startLine: 6, endLine: 13, weight: 1, isOutdated: false }],
  warnings: [],
  canContinue: true,
};

const failed: TurnView = {
  id: '3',
  question: 'Which tests cover that?',
  chips: [],
  state: 'failed',
  answer: '',
  sources: [],
  warnings: [],
  problem: {
    message: 'LeoAM ended unexpectedly while it answered.',
    actions: [
      { id: 'retry', label: 'Try again' },
      { id: 'showLog', label: 'Show the log' },
    ],
  },
  canContinue: false,
};

export const sampleChat: ChatView = {
  id: 'sample',
  title: answered.question,
  turns: [answered, stopped, failed],
};

/** One that shows the line over the question with all its parts. */
export const sampleStatus: StatusView = {
  state: 'indexing',
  health: 'ok',
  message: 'Reading the folder.',
  progress: 0.42,
  secondsLeft: 95,
  actions: [{ id: 'chooseModel', label: 'Choose a model' }],
};
