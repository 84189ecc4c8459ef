import assert from 'node:assert/strict';
import type { TiersView } from '../../../server/protocol/tiers.js';
import type { Server } from '../../../extension/server/server.js';
import type { PlaceNode } from '../../../extension/tiers/places.js';
import {
  chooseNext,
  configure,
  configured,
  enterNext,
  pressNext,
  shownBoxes,
  shownMessages,
} from './vscodeStub.js';

const { setBudget } = await import('../../../extension/tiers/budgets.js');

const mib = 1024 ** 2;
const view = {
  gpu: { bytes: 64 * mib },
  ram: {
    ...{ sessionBytes: 200e6, segmentBytes: 30e6, refusedBytes: 0 },
    evidence: { bytes: 100 * mib },
  },
  disk: { bytes: 4e9, pinnedBytes: 0, tokens: 400_000 },
} as TiersView;
const settings = [
  'storeBudgetGib',
  'storeRamMib',
  'chat.evidenceMemoryMib',
  'chat.deviceMemoryMib',
];

describe('the budget of a tier', () => {
  let held: TiersView;
  let state: string;

  beforeEach(() => {
    held = view;
    state = 'running';
  });

  afterEach(() => [...settings, 'chat.evidence'].forEach((name) => configure(name, undefined)));

  const set = (kind?: 'gpu' | 'ram' | 'disk', known?: TiersView): Promise<void> => {
    const server = { state, request: async () => held } as unknown as Server;
    return setBudget(server, known, kind === undefined ? undefined : ({ kind } as PlaceNode));
  };
  /** What was asked while it was set. */
  const asked = async (kind: 'gpu' | 'ram' | 'disk', entered: string): Promise<string[]> => {
    const before = shownMessages.length;
    enterNext(entered);
    await set(kind);
    return shownMessages.slice(before);
  };

  it('is set on its row, each as the setting that it is', async () => {
    pressNext('Set the budget');
    assert.match((await asked('disk', '0,5'))[0] ?? '', /^With this budget 3\.5 GB .* go/u);
    assert.equal(configured('storeBudgetGib'), 0.5);
    pressNext('Set the budget');
    await asked('gpu', '512');
    assert.equal(configured('chat.deviceMemoryMib'), 512);
    chooseNext('RAM for whole repositories');
    pressNext('Set the budget');
    await asked('ram', '1000');
    assert.equal(configured('chat.evidenceMemoryMib'), 1000);
    assert.equal(configured('storeRamMib'), undefined);
    chooseNext('RAM for files that are moved there');
    pressNext('Set the budget');
    await asked('ram', '2048');
    assert.equal(configured('storeRamMib'), 2048);
    chooseNext('Budget of the store on disk'); // from no row
    enterNext('100');
    await set();
    assert.equal(configured('storeBudgetGib'), 100);
  });

  it('that starts the server anew says so first, with what goes, and holds only after a yes', async () => {
    const start = 'LeoAM starts anew for this, in every window: ';
    const [question, ...more] = await asked('gpu', '2048');
    assert.deepEqual(more, []);
    assert.ok(question?.startsWith(start), question);
    assert.match(question ?? '', /hold \(267\.1 MB\) is computed or read again/u);
    assert.match(question ?? '', /What was moved to RAM \(30\.0 MB\) is read from disk again\.$/u);
    assert.equal(configured('chat.deviceMemoryMib'), undefined);

    held = { ...view, ram: { ...view.ram, refusedBytes: 30e6 } };
    chooseNext('RAM for whole repositories');
    const [smaller = ''] = await asked('ram', '60');
    assert.ok(smaller.startsWith(start), smaller);
    assert.match(
      smaller,
      /disk refused \(30\.0 MB\) is lost, .*\. Of the 104\.9 MB .* 41\.9 MB find/u,
    );
    assert.doesNotMatch(smaller, /What was moved/u);
    assert.equal(configured('chat.evidenceMemoryMib'), undefined);
  });

  it('is not asked about where it is the same, nothing runs, or nothing goes', async () => {
    assert.deepEqual(await asked('disk', '8'), []);
    assert.equal(configured('storeBudgetGib'), 8);
    assert.deepEqual(await asked('gpu', '0'), []);
    assert.equal(configured('chat.deviceMemoryMib'), undefined);
    state = 'idle';
    assert.deepEqual(await asked('gpu', '512'), []);
    assert.equal(configured('chat.deviceMemoryMib'), 512);
  });

  it('takes numbers alone, and 0 only where that says something', async () => {
    for (const [label, entered] of [
      ['RAM for files that are moved there', '0'],
      ['RAM for whole repositories', '0'],
      ['Memory of a GPU for whole repositories', '0.5'],
      ['Budget of the store on disk', '-1'],
      ['Budget of the store on disk', 'much'],
      ['Budget of the store on disk', ' '],
    ] as const) {
      chooseNext(label);
      enterNext(entered);
      await set();
    }
    assert.deepEqual(
      settings.map(configured),
      settings.map(() => undefined),
    );
  });

  it('says what is taken now, and where it limits nothing yet', async () => {
    const box = async (kind: 'gpu' | 'disk', known?: TiersView): Promise<string | undefined> => {
      await set(kind, known);
      return shownBoxes.at(-1);
    };
    assert.equal(
      await box('disk', view),
      'Budget of the store on disk, in GiB: 0: no limit. 4.0 GB are taken now.',
    );
    assert.equal(await box('disk'), 'Budget of the store on disk, in GiB: 0: no limit.');
    assert.match((await box('gpu')) ?? '', /0: none\. Answers rest on passages now/u);
    configure('chat.evidence', 'wholeRepository');
    assert.match((await box('gpu', view)) ?? '', /0: none\. 67\.1 MB are taken now\.$/u);
  });
});
