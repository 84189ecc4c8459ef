// The memory for whole repositories is one for the process, however many chats there are.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  askContext,
  openAssistant,
  openRepositoryFor,
  type Assistant,
} from '../../server/assistant.js';
import { Conversation } from '../../server/chat/conversation.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import type { TiersView } from '../../server/protocol/tiers.js';
import { homeWithModel, shopFiles, smallModel, temporaryRepository } from './setup.js';
import { Window } from './languageServer.js';

const question = 'How many items fit into a basket at most?';
const mib = 1024 ** 2;

describe('memory for evidence of chats @slow', function () {
  this.timeout(120_000);
  let root: string;
  let window: Window;

  beforeEach(async () => {
    root = await temporaryRepository(shopFiles);
    window = await Window.open(root, await homeWithModel(), {
      ...{ chatEvidence: 'wholeRepository', evidenceMemoryMib: 1, threads: 1 },
    });
  });

  afterEach(() => window.close());

  const save = (): Promise<void> =>
    writeFile(join(root, 'src/coupons.ts'), 'export const MAX_COUPONS = 3;\n');
  const evidenceNow = async (): Promise<{ bytes: number; budgetBytes: number }> => {
    const { ram }: TiersView = await window.connection.sendRequest('leoam/tiers/show', {});
    assert.ok(ram.evidence);
    return ram.evidence;
  };
  const checkSetting = async (): Promise<void> => {
    const { bytes, budgetBytes } = await evidenceNow();
    assert.equal(budgetBytes, mib);
    assert.ok(bytes > mib / 2 && bytes <= mib, `${bytes} bytes`);
  };

  it('is what is set, also where a new chat has other evidence than the one before', async () => {
    const { answer } = await window.ask(question, { chat: 'a' });
    await checkSetting();
    await save();
    await window.ask(question, { chat: 'b' });
    await checkSetting();
    // The first goes on, told of its turns.
    const earlier = [{ turn: '1', question, answer }];
    const next = await window.ask('Which class?', { chat: 'a', turn: '2', earlier });
    assert.notEqual(next.answer, '');
    await checkSetting();
  });

  it('is what is set again once answers that ran together have ended', async () => {
    let hasEnded = false;
    const first = window
      .ask(question, { chat: 'a', maxTokens: 60 })
      .finally(() => (hasEnded = true));
    await window.until(() => window.streamed.some(({ event }) => event.type === 'text'));
    await save();
    assert.ok(!hasEnded);
    const second = window.ask(question, { chat: 'b', maxTokens: 4 });
    await Promise.all([first, second]);
    await checkSetting();
  });

  it('keeps chats with the same evidence beside each other', async () => {
    const { answer } = await window.ask(question, { chat: 'a' });
    await window.ask(question, { chat: 'b' });
    const earlier = [{ turn: '1', question, answer }];
    const next = await window.ask('Which class?', { chat: 'a', turn: '2', earlier });
    const { tokensComputed, questionTokens } = next.counters;
    assert.ok(tokensComputed <= questionTokens + 1, JSON.stringify(next.counters));
    await checkSetting();
  });
});

describe('memory of a session that was let go @slow', function () {
  this.timeout(120_000);
  let assistant: Assistant;
  let repository: RepositoryIndex;

  before(async () => {
    assistant = await openAssistant({
      ...{ home: await homeWithModel(), model: smallModel, threads: 1 },
    });
    repository = await openRepositoryFor(assistant, await temporaryRepository(shopFiles));
  });

  after(async () => {
    await repository.close();
    await assistant.dispose();
  });

  it('is free before what is asked next takes its own, although the engine has work', async () => {
    const tiers = { ramBytes: mib };
    const begin = (): Conversation =>
      new Conversation(askContext(assistant, repository, { tiers }));
    const turn = { question, mode: 'full', maxTokens: 4, onReading: () => undefined } as const;
    const [first, working, next] = [begin(), begin(), begin()];
    const before = await first.ask(turn);
    let work: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve) => {
      const onText = (): void => resolve();
      work = working.ask({ question, mode: 'none', maxTokens: 60, onText });
    });
    first.dispose();
    const { tiers: after } = await next.ask(turn);
    await work;
    // One that is still held would be shared.
    assert.notEqual(after?.context, before.tiers?.context);
    [working, next].forEach((conversation) => conversation.dispose());
  });
});
