import assert from 'node:assert/strict';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import type { Prepared } from '../../server/chat/conversation.js';
import { Window } from './languageServer.js';
import { homeWithModel, shopFiles, temporaryRepository } from './setup.js';

describe('a question that is still being written @slow', function () {
  this.timeout(120_000);
  let window: Window;
  let chats = 0;
  let chat: string;

  const question = 'How many items fit into a basket at most, and where is that said?';

  before(async () => {
    window = await Window.open(await temporaryRepository(shopFiles), await homeWithModel());
    await window.until(() => window.statuses.at(-1)?.state === 'ready');
    await window.ask(question); // what is not stored is stored from here on
  });

  beforeEach(() => {
    chat = `chat ${String(++chats)}`;
  });

  after(() => window.close());

  const prepare = (written: string, more: object = {}): Promise<Prepared | null> =>
    window.connection.sendRequest('leoam/chat/prepare', {
      ...{ chat, folder: window.folder, question: written, maxTokens: 24 },
      ...more,
    });

  it('is answered as without, from what was prepared', async () => {
    const plain = await window.ask(question, { chat: `${chat} plain` });
    assert.ok(plain.counters.tokensRepaired > 0, JSON.stringify(plain.counters));
    const prepared = await prepare(question);
    assert.equal(prepared?.tokensComputed, plain.counters.tokensComputed);
    const answer = await window.ask(question, { chat });
    assert.equal(answer.answer, plain.answer);
    // The last token again, for what follows it.
    assert.equal(answer.counters.tokensComputed, 1);
    assert.equal(answer.counters.bytesFromDisk, 0);
    assert.deepEqual(
      answer.sources.map(({ path }) => path),
      plain.sources.map(({ path }) => path),
    );
  });

  it('may go on: its rest is computed', async () => {
    await prepare(question.slice(0, question.indexOf(', and')));
    const { counters } = await window.ask(question, { chat });
    assert.equal(counters.tokensRepaired, 0);
    assert.ok(counters.tokensComputed < counters.questionTokens, JSON.stringify(counters));
  });

  it('waits for what is being prepared for it, and ends what was for another', async () => {
    const same = prepare(question);
    const { counters } = await window.ask(question, { chat });
    assert.ok((await same) !== null);
    assert.equal(counters.tokensComputed, 1);

    chat += ' again';
    const others = [prepare('What does a discount depend on?'), prepare('How is a price rounded?')];
    const answer = await window.ask(question, { chat });
    assert.equal((await Promise.all(others)).includes(null), true);
    const plain = await window.ask(question, { chat: `${chat} plain` });
    assert.equal(answer.answer, plain.answer);
  });

  it('follows earlier turns, and is given up with its request', async () => {
    const first = await window.ask(question, { chat });
    const earlier = [{ turn: '1', question, answer: first.answer }];
    const next = 'And what happens when it is full?';
    assert.ok((await prepare(next, { earlier })) !== null);
    const { counters } = await window.ask(next, { chat, turn: '2', earlier });
    assert.equal(counters.tokensComputed, 1);

    const cancel = new CancellationTokenSource();
    const params = { chat: `${chat} other`, folder: window.folder, question };
    const given = window.connection.sendRequest('leoam/chat/prepare', params, cancel.token);
    cancel.cancel();
    assert.equal(await given.catch(() => null), null);
  });

  it('is left alone during an answer, and in a folder that is not open', async () => {
    const asked = window.ask(question, { chat, maxTokens: 200 });
    await window.until(() => window.streamed.some((piece) => piece.chat === chat));
    assert.equal(await prepare('How is a price rounded?'), null);
    await asked;
    assert.equal(await prepare(question, { folder: 'file:///nowhere' }), null);
  });
});
