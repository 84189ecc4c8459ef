import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import { homeWithModel, shopFiles, temporaryRepository } from './setup.js';
import { Window } from './languageServer.js';

describe('language server', function () {
  this.timeout(120_000);
  let root: string;
  let home: string;
  let window: Window;

  before(async () => {
    home = await homeWithModel();
    root = await temporaryRepository(shopFiles);
  });

  beforeEach(async () => {
    window = await Window.open(root, home);
  });

  afterEach(() => window.close());

  const state = (): string | undefined => window.statuses.at(-1)?.state;

  it('reads the folder, tells how far it is, and ends ready', async () => {
    await window.until(() => state() === 'ready');
    const states = window.statuses.map((status) => status.state);
    assert.ok(states.includes('loading'), states.join(' '));
    assert.equal(window.statuses.at(-1)?.folders[0]?.read, 1);
  });

  it('streams the passages first and then the answer, and a second turn computes what is new', async () => {
    await window.until(() => state() === 'ready');
    const first = await window.ask('How many items fit into a basket at most?');
    const types = window.streamed.map(({ event }) => event.type);
    assert.equal(types[0], 'sources');
    assert.ok(
      types.slice(1).every((type) => type === 'text'),
      types.join(' '),
    );
    assert.deepEqual(
      window.streamed.map(({ sequence }) => sequence),
      types.map((_, i) => i),
    );
    const text = window.streamed.map(({ event }) => (event.type === 'text' ? event.text : ''));
    assert.equal(text.join('').trim(), first.answer);
    assert.equal(first.counters.repoTokensComputed, 0);

    const second = await window.ask('And when is shipping free?', { turn: '2' });
    assert.equal(second.counters.repoTokensComputed, 0);
    assert.ok(second.counters.tokensReused >= first.counters.tokensReused);
    const { tokensComputed, questionTokens, tokensRepaired } = second.counters;
    // The answer's last token was drawn, but never run.
    assert.ok(tokensComputed <= questionTokens + tokensRepaired + 1, `${tokensComputed}`);
  });

  it('refuses what does not fit the protocol with a sentence that names the field', async () => {
    await assert.rejects(
      window.connection.sendRequest('leoam/chat/ask', { chat: 'a', turn: '1', folder: 'x' }),
      /leoam\/chat\/ask: .*question/u,
    );
  });

  it('refuses options that do not fit, in one line that names the field', async () => {
    await assert.rejects(Window.open(root, home, { threads: 'many' }), /threads/u);
  });

  it('stops decoding when a question is cancelled, and answers the next one', async () => {
    const source = new CancellationTokenSource();
    const asked = window.ask(
      'Tell me everything about the shop.',
      { maxTokens: 2000 },
      source.token,
    );
    await window.until(
      () => window.streamed.filter(({ event }) => event.type === 'text').length > 3,
    );
    const cancelled = performance.now();
    source.cancel();
    const answer = await asked;
    const ms = performance.now() - cancelled;
    console.log(`figure: an answer ends ${Math.round(ms)} ms after it was cancelled`);
    assert.equal(answer.reason, 'cancelled');
    assert.notEqual(answer.answer, '');
    assert.ok(ms < 1000);
    const again = window.ask('And again, everything?', { turn: '2', maxTokens: 200 });
    await assert.rejects(window.ask('How many?', { turn: '3' }), /still answering/u);
    await again;
    const next = await window.ask('How many items fit?', { turn: '4' });
    assert.notEqual(next.reason, 'cancelled');
  });

  it('follows an edit within a second', async () => {
    await window.until(() => state() === 'ready');
    const tokens = window.statuses.at(-1)?.folders[0]?.tokens ?? 0;
    const file = join(root, 'src', 'limits.ts');
    await writeFile(file, `${await readFile(file, 'utf8')}\nexport const MAX_GIFT_CARDS = 5;\n`);
    const edited = performance.now();
    await window.changed('src/limits.ts');
    await window.until(() => (window.statuses.at(-1)?.folders[0]?.tokens ?? 0) > tokens);
    assert.ok(performance.now() - edited < 1000);
    await window.until(() => state() === 'ready');
    assert.equal(window.statuses.at(-1)?.folders[0]?.read, 1);
  });

  it('can be paused, answers all the same, and goes on', async () => {
    await window.connection.sendRequest('leoam/index/pause', {});
    await window.until(() => state() === 'paused');
    const answer = await window.ask('How many items fit into a basket at most?');
    assert.notEqual(answer.answer, '');
    await window.connection.sendRequest('leoam/index/resume', {});
    await window.until(() => state() === 'ready');
  });

  it('ends when its window is gone', async () => {
    const ended = once(window.process, 'exit');
    window.process.stdin?.end();
    await ended;
  });

  it('says what is wrong with a model that is not there', async () => {
    const other = await Window.open(root, home, { model: '/nowhere/model.gguf' });
    try {
      await other.until(() => other.statuses.at(-1)?.state === 'error');
      assert.match(other.statuses.at(-1)?.message ?? '', /\/nowhere\/model\.gguf/u);
      await assert.rejects(other.ask('Anything?'), /\/nowhere\/model\.gguf/u);
    } finally {
      await other.close();
    }
  });
});
