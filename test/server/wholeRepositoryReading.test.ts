// Mode full on disk where the store lacks some of it: it is read for the question.

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  askContext,
  openAssistant,
  openRepositoryFor,
  type Assistant,
} from '../../server/assistant.js';
import type { AskResult } from '../../server/chat/asked.js';
import { Conversation } from '../../server/chat/conversation.js';
import { isCancelled } from '../../server/engine/errors.js';
import { indexRepository } from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import {
  homeWithModel,
  leoamJson,
  longShop,
  shopFiles,
  smallModel,
  temporaryRepository,
} from './setup.js';
import { Window } from './languageServer.js';

const question = 'How many items fit into a basket at most?';

describe('a whole repository of which the store lacks some @slow', function () {
  this.timeout(120_000);
  let home: string;
  let assistant: Assistant;
  let repository: RepositoryIndex;
  let warnings: string[];
  let progressTold: number;
  let conversation: Conversation;

  const turn = {
    question,
    mode: 'full',
    maxTokens: 8,
    onReading: () => void progressTold++,
    onWarning: (warning: string) => void warnings.push(warning),
  } as const;

  const open = async (files: Record<string, string>): Promise<void> => {
    home = await homeWithModel();
    assistant = await openAssistant({ home, model: smallModel, threads: 1 });
    repository = await openRepositoryFor(assistant, await temporaryRepository(files));
    conversation = begin();
  };

  const begin = (): Conversation => {
    // A tenth of it: later turns read from disk as well.
    const ramBytes = (repository.totalTokens * assistant.engine.info.kvBytesPerToken) / 10;
    const tiers = { ramBytes: Math.ceil(ramBytes) };
    return new Conversation(askContext(assistant, repository, { tiers }));
  };

  beforeEach(async () => {
    [warnings, progressTold] = [[], 0];
    await open(shopFiles);
  });

  afterEach(async () => {
    conversation.dispose();
    await repository.close();
    await assistant.dispose();
  });

  const keys = (): string[] => repository.segments().map(({ key }) => key);
  const isAllStored = (): boolean => assistant.engine.hasSegments(keys()).every(Boolean);
  /** In place: who has the file open reads it so. */
  const damage = async (key: string): Promise<void> => {
    const store = join(home, 'store');
    const name = (await readdir(store, { recursive: true })).find((file) => file.includes(key));
    assert.ok(name, key);
    const path = join(store, name);
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0x5a, Math.floor(bytes.length / 4)));
  };

  it('is read for the first question, which tells how far that is', async () => {
    const { counters, sources } = await conversation.ask(turn);
    assert.equal(sources.length, repository.files.length);
    assert.equal(counters.repoTokensComputed, repository.totalTokens);
    assert.ok(progressTold >= 1);
    assert.ok(isAllStored());
    const next = await conversation.ask({ ...turn, question: 'Which class has items?' });
    assert.equal(next.counters.repoTokensComputed, 0);
  });

  it('is read again where a segment is gone', async () => {
    await conversation.ask(turn);
    const [key = ''] = keys();
    await assistant.engine.native.removeSegments([key]);
    conversation.restart();
    const { counters } = await conversation.ask(turn);
    assert.equal(counters.repoTokensComputed, repository.segments()[0]?.tokens.length);
    assert.deepEqual(warnings, []);
  });

  it('is read again where a segment turns out damaged, in the first turn and in a later one', async () => {
    await conversation.ask(turn);
    conversation.dispose();
    conversation = begin();
    await damage(keys()[0] ?? '');
    const first = await conversation.ask({ ...turn, turn: 'one' });
    assert.equal(warnings.length, 1, warnings.join(' '));
    assert.ok(isAllStored());

    await damage(keys()[1] ?? '');
    const earlier = [{ turn: 'one', question, answer: first.answer }];
    const second = { ...turn, question: 'Which class has items?', earlier, turn: 'two' };
    const { answer, sources } = await conversation.ask(second);
    assert.equal(sources.length, repository.files.length);
    assert.equal(warnings.length, 2, warnings.join(' '));
    const third = await conversation.ask({
      ...turn,
      earlier: [...earlier, { turn: 'two', question: second.question, answer }],
    });
    assert.equal(third.counters.repoTokensComputed, 0);
    assert.equal(warnings.length, 2, warnings.join(' '));
  });

  it('is said to need a larger budget where the store has no room for it', async () => {
    const { native } = assistant.engine;
    await native.setStoreBudget(200_000);
    const tooSmall = { code: 'store-too-small', message: /0\.2 MiB.* 3 files .*raise the budget/u };
    await assert.rejects(conversation.ask(turn), tooSmall);
    assert.equal(progressTold, 0, 'what has no room is not read');

    await native.setStoreBudget(0);
    await conversation.ask(turn);
    const { bytes } = await assistant.engine.storeStats();
    await native.setStoreBudget(bytes - 1);
    conversation.restart();
    await assert.rejects(conversation.ask(turn), { code: 'store-too-small' });
    await native.setStoreBudget(bytes);
    assert.notEqual((await conversation.ask(turn)).answer, '');
  });

  it('is not read where the pins of another folder leave it no room, its own aside', async () => {
    const { engine } = assistant;
    const { native } = engine;
    const prices = Object.entries(longShop()).filter(([path]) => path.startsWith('src/prices/'));
    const root = await temporaryRepository(Object.fromEntries(prices));
    const other = await openRepositoryFor(assistant, root);
    try {
      await indexRepository({ index: other, engine: native });
      const others = other.segments().map(({ key }) => key);
      await native.pinSegments(others, true);
      const { bytes } = await engine.storeStats();
      await native.setStoreBudget(bytes + 200_000);
      await assert.rejects(conversation.ask(turn), {
        code: 'store-too-small',
        message: new RegExp(`of which ${(bytes / 1024 ** 2).toFixed(1)} MiB are pinned`, 'u'),
      });
      assert.equal(progressTold, 0, 'what has no room is not read');

      await native.pinSegments(others, false);
      await native.pinSegments(keys(), true);
      assert.notEqual((await conversation.ask(turn)).answer, ''); // the other folder gives way
      await native.setStoreBudget((await engine.storeStats()).pinnedBytes);
      const [gone = ''] = keys();
      await native.removeSegments([gone]);
      conversation.restart();
      assert.notEqual((await conversation.ask(turn)).answer, '', 'its own pins take no room');
    } finally {
      await other.close();
    }
  });

  it('is no longer read once the question is given up, or its chat closed', async () => {
    await repository.close();
    await assistant.dispose();
    await open(longShop());
    const stopped = new AbortController();
    const asked = { ...turn, signal: stopped.signal, onReading: () => stopped.abort() };
    await assert.rejects(conversation.ask(asked), (error: Error) => isCancelled(error));
    assert.ok(!isAllStored());
    const closing = { ...turn, onReading: () => conversation.dispose() };
    await assert.rejects(conversation.ask(closing), (error: Error) => isCancelled(error));
    assert.ok(!isAllStored());
  });
});

describe('a whole repository that nobody has read, in the terminal @slow', function () {
  this.timeout(120_000);

  it('is read for the question', async () => {
    const root = await temporaryRepository(shopFiles);
    const { answer, counters } = await leoamJson<AskResult>(
      [
        ...['ask', question, '--repo', root, '--mode', 'full', '--evidence-memory', '4'],
        ...['--max-tokens', '4', '--threads', '1', '--model', smallModel],
      ],
      await homeWithModel(),
    );
    assert.notEqual(answer, '');
    assert.equal(counters.repoTokensComputed, counters.repoTokens);
  });
});

describe('a chat about a whole repository whose reading is off @slow', function () {
  this.timeout(120_000);

  it('knows at once what was saved a moment ago', async () => {
    const root = await temporaryRepository(shopFiles);
    const window = await Window.open(root, await homeWithModel(), {
      ...{ chatEvidence: 'wholeRepository', readInBackground: false, threads: 1 },
    });
    try {
      const first = await window.ask(question);
      assert.ok(first.counters.repoTokensComputed > 0);
      const reading = window.statuses.filter(({ state }) => state === 'indexing');
      assert.ok(reading.length > 0);
      assert.equal(reading[0]?.detail?.kind, 'reading');

      const path = 'src/limits.ts';
      await writeFile(join(root, path), `${shopFiles[path] ?? ''}export const MAX_BAGS = 2;\n`);
      await writeFile(join(root, 'src/coupons.ts'), 'export const MAX_COUPONS = 3;\n');
      const next = await window.ask('How many coupons?', {
        ...{ turn: '2', earlier: [{ turn: '1', question, answer: first.answer }] },
      });
      const { sources, counters } = next;
      assert.ok(counters.repoTokensComputed > 0);
      assert.ok(counters.repoTokensComputed < first.counters.repoTokensComputed);
      assert.equal(sources.find((source) => source.path === path)?.endLine, 8);
      assert.ok(sources.some((source) => source.path === 'src/coupons.ts'));

      const one = { folder: window.folder, paths: ['src/basket.ts'] };
      await window.connection.sendRequest('leoam/tiers/drop', one);
      const again = await window.ask(question, { chat: 'b' });
      assert.ok(again.counters.repoTokensComputed > 0, 'what was dropped is read');
      await window.until(() => window.statuses.at(-1)?.folders[0]?.read === 1);
    } finally {
      await window.close();
    }
  });
});
