import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import type { ModelInfo } from '../../server/protocol/models.js';
import { homeWithModel, shopFiles, temporaryFolder, temporaryRepository } from './setup.js';
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
    assert.ok(second.sources.length > 0); // among them what the first turn brought
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

  it('follows an edit although another file is written all the time', async () => {
    await window.until(() => state() === 'ready');
    const tokens = window.statuses.at(-1)?.folders[0]?.tokens ?? 0;
    const file = join(root, 'src', 'limits.ts');
    await writeFile(file, `${await readFile(file, 'utf8')}\nexport const MAX_CARDS = 6;\n`);
    await window.changed('src/limits.ts');
    const writing = setInterval(() => void window.changed('server.log'), 50);
    await window.until(() => (window.statuses.at(-1)?.folders[0]?.tokens ?? 0) > tokens);
    clearInterval(writing);
    await window.until(() => state() === 'ready');
  });

  it('can be paused, answers all the same, and goes on', async () => {
    await window.connection.sendRequest('leoam/index/pause', {});
    await window.until(() => state() === 'paused');
    const answer = await window.ask('How many items fit into a basket at most?');
    assert.notEqual(answer.answer, '');
    await window.connection.sendRequest('leoam/index/resume', {});
    await window.until(() => state() === 'ready');
  });

  it('answers an earlier question again in its place, and computes its words alone @slow', async () => {
    await window.until(() => state() === 'ready');
    const question = 'How many items fit into a basket at most?';
    const first = await window.ask(question);
    await window.ask('And when is shipping free?', { turn: '2' });
    const again = await window.ask(question, { turn: '1b', earlier: [] });
    assert.deepEqual(
      again.sources.map(({ path }) => path).sort(),
      first.sources.map(({ path }) => path).sort(),
    );
    assert.equal(again.counters.repoTokensComputed, 0);
    assert.ok(again.counters.tokensComputed < first.counters.tokensComputed);
  });

  it('goes on with an answer that was stopped', async () => {
    await window.until(() => state() === 'ready');
    const question = 'Tell me everything about the shop.';
    const start = await window.ask(question, { maxTokens: 12, earlier: [] });
    const more = { maxTokens: 12, earlier: [], answerStart: start.answer };
    const rest = await window.ask(question, more);
    assert.equal(start.reason, 'length');
    assert.notEqual(rest.answer, '');
    assert.ok(!rest.answer.startsWith(start.answer));
    // The evidence, the question and what was written are in the session.
    assert.ok(rest.counters.tokensComputed <= 4, `${rest.counters.tokensComputed}`);
  });

  it('takes up a chat that another server has answered, and computes nothing of the repository @slow', async () => {
    await window.until(() => state() === 'ready');
    const question = 'How many items fit into a basket at most?';
    const { answer } = await window.ask(question);
    await window.close();
    window = await Window.open(root, home);
    await window.until(() => state() === 'ready');
    const next = await window.ask('Which constant says so?', {
      turn: '2',
      earlier: [{ turn: '1', question, answer }],
    });
    assert.equal(next.counters.repoTokensComputed, 0);
    assert.ok(next.sources.length > 0);
  });

  it('puts named files first, and takes code that is not saved anywhere @slow', async () => {
    await window.until(() => state() === 'ready');
    const named = await window.ask('What is this?', {
      context: [{ type: 'file', path: 'README.md' }],
    });
    assert.ok(named.sources.some(({ path }) => path === 'README.md'));
    const code = 'const unsaved = 1;';
    const quoted = await window.ask('What is this?', {
      turn: '2',
      context: [{ type: 'selection', path: 'a.ts', startLine: 1, endLine: 1, text: code }],
    });
    assert.ok(quoted.counters.questionTokens > named.counters.questionTokens + 8);
    const warnings = (): string[] =>
      window.streamed.flatMap(({ event }) => (event.type === 'warning' ? [event.message] : []));
    assert.deepEqual(warnings(), []);
    const context = [{ type: 'file' as const, path: 'gone.ts' }];
    await window.ask('What is this?', { turn: '3', context });
    assert.match(warnings().join(' '), /^The answer does not rest on gone\.ts/u);
  });

  it('finds files for an "@", and lists the models that can be had', async () => {
    await window.until(() => state() === 'ready');
    const found: { path: string }[] = await window.connection.sendRequest('leoam/files/find', {
      folder: window.folder,
      query: 'bask',
      limit: 5,
    });
    assert.equal(found[0]?.path, 'src/basket.ts');
    const models: ModelInfo[] = await window.connection.sendRequest('leoam/models/list', {});
    assert.ok(models.some(({ isRecommended }) => isRecommended));
    assert.ok(models.every(({ state: has }) => has === 'missing'));
  });

  it('rewrites lines to an instruction, and words a commit message @slow', async () => {
    const code = { path: 'src/basket.ts', startLine: 4, endLine: 4, text: '  private items = 1;' };
    await window.until(() => state() === 'ready');
    const rewriting: Promise<{ code: string }> = window.connection.sendRequest(
      'leoam/chat/rewrite',
      { folder: window.folder, instruction: 'rename items to things', code, maxTokens: 400 },
    );
    // So small a model may not find an end; half of the lines are no answer then.
    const rewritten = await rewriting.then(
      (result) => result.code.trim(),
      (error: unknown) => String(error),
    );
    assert.notEqual(rewritten, '');
    assert.ok(!rewritten.startsWith('Error') || rewritten.includes('would be too long'), rewritten);
    const { message }: { message: string } = await window.connection.sendRequest(
      'leoam/chat/commitMessage',
      { folder: window.folder, diff: '-const a = 1;\n+const a = 2;\n' },
    );
    assert.notEqual(message, '');
  });

  it('counts the tokens of a text', async () => {
    const counted: { tokens: number } = await window.connection.sendRequest(
      'leoam/chat/countTokens',
      { text: 'export const MAX = 37;' },
    );
    assert.ok(counted.tokens > 4 && counted.tokens < 20, `${counted.tokens}`);
  });

  it('shares what it has read with a second window on the same folder @slow', async () => {
    await window.until(() => state() === 'ready');
    const second = await Window.open(root, home);
    try {
      await second.until(() => second.statuses.at(-1)?.state === 'ready');
      const [here, there] = await Promise.all([
        window.ask('How many items fit?', { chat: 'here' }),
        second.ask('When is shipping free?', { chat: 'there' }),
      ]);
      assert.equal(here.counters.repoTokensComputed, 0);
      assert.equal(there.counters.repoTokensComputed, 0);
    } finally {
      await second.close();
    }
  });

  it('opens a folder that is added to the window, answers about each, and about none that left @slow', async () => {
    await window.until(() => state() === 'ready');
    const other = await temporaryRepository({ 'cake.ts': 'export const MAX_CANDLES = 12;\n' });
    const uri = pathToFileURL(other).href;
    await window.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [{ uri, name: 'cake' }], removed: [] },
    });
    await window.until(() => window.statuses.at(-1)?.folders.length === 2 && state() === 'ready');
    const answer = await window.ask('How many candles at most?', { folder: uri });
    assert.deepEqual(
      answer.sources.map(({ path }) => path),
      ['cake.ts'],
    );
    await window.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [], removed: [{ uri, name: 'cake' }] },
    });
    await window.until(() => window.statuses.at(-1)?.folders.length === 1);
    const asked = window.ask('How many candles at most?', { folder: uri, turn: '2' });
    await assert.rejects(asked, /is not open in this window: add the folder/u);
    assert.equal(window.statuses.at(-1)?.folders.length, 1);
  });

  it('keeps a folder that left and came back while it was being opened', async () => {
    const other = await Window.open(root, home);
    try {
      const folder = { uri: other.folder, name: 'test' };
      const change = (added: object[], removed: object[]): Promise<void> =>
        other.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
          event: { added, removed },
        });
      await change([], [folder]);
      await change([folder], []);
      await other.until(() => other.statuses.at(-1)?.state === 'ready');
      await sleep(200);
      assert.equal(other.statuses.at(-1)?.folders.length, 1);
    } finally {
      await other.close();
    }
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

  it('does not fetch a model that nobody asked for, and says what is missing', async () => {
    const other = await Window.open(root, await temporaryFolder('empty'), {
      model: 'qwen2.5-coder-3b-instruct-q4_k_m',
      fetchModel: false,
    });
    try {
      await other.until(() => other.statuses.at(-1)?.state === 'noModel');
      const { actions, message } = other.statuses.at(-1) ?? {};
      assert.deepEqual(actions, ['fetchModel', 'chooseModel']);
      assert.match(message ?? '', /3B.*Research/u);
      await assert.rejects(other.ask('Anything?'), /not on this machine/u);
    } finally {
      await other.close();
    }
  });

  it('says what a large folder costs, and reads it when told to @slow', async () => {
    const fresh = await homeWithModel();
    const other = await Window.open(root, fresh, { askAboveTokens: 10 });
    try {
      await other.until(() => other.statuses.at(-1)?.state === 'paused');
      assert.match(other.statuses.at(-1)?.message ?? '', /about \d+ min, once \(\d+ tokens/u);
      await other.connection.sendRequest('leoam/index/resume', {});
      await other.until(() => other.statuses.at(-1)?.state === 'ready');
      assert.equal(other.statuses.at(-1)?.folders[0]?.read, 1);
    } finally {
      await other.close();
    }
  });
});
