import assert from 'node:assert/strict';
import {
  askContext,
  openAssistant,
  openRepositoryFor,
  type Assistant,
} from '../../server/assistant.js';
import { Conversation } from '../../server/chat/conversation.js';
import { isCancelled } from '../../server/engine/errors.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { homeWithModel, shopFiles, smallModel, temporaryRepository } from './setup.js';

describe('conversation about a repository that nobody has read yet', function () {
  this.timeout(120_000);
  let assistant: Assistant;
  let repository: RepositoryIndex;
  let conversation: Conversation;

  const question = 'How many items fit into a basket at most?';
  const turn = { question, mode: 'leoam', maxTokens: 6 } as const;

  before(async () => {
    assistant = await openAssistant({
      home: await homeWithModel(),
      model: smallModel,
      threads: 1,
    });
    repository = await openRepositoryFor(assistant, await temporaryRepository(shopFiles));
  });

  beforeEach(() => {
    conversation = new Conversation(askContext(assistant, repository), 2048);
  });

  afterEach(() => conversation.dispose());

  after(async () => {
    await repository.close();
    await assistant.dispose();
  });

  it('computes the evidence for the first question and keeps it for the next', async () => {
    const first = await conversation.ask(turn);
    assert.equal(first.counters.repoTokensComputed, first.counters.workingSetTokens);
    const other = new Conversation(askContext(assistant, repository));
    try {
      const second = await other.ask(turn);
      assert.equal(second.counters.repoTokensComputed, 0);
      assert.ok(second.counters.bytesFromDisk > 0);
    } finally {
      other.dispose();
    }
  });

  it('counts as time to its first word that it waited for another answer', async () => {
    const other = new Conversation(askContext(assistant, repository));
    try {
      let firstEnded = 0;
      let first: Promise<unknown> = Promise.resolve();
      await new Promise<void>((resolve) => {
        const asking = { ...turn, maxTokens: 60, onText: () => resolve() };
        first = conversation.ask(asking).then(() => (firstEnded = performance.now()));
      });
      const asked = performance.now();
      const second = await other.ask(turn);
      await first;
      assert.ok(firstEnded > asked);
      assert.ok(second.timings.ttftMs > firstEnded - asked, `${second.timings.ttftMs} ms`);
    } finally {
      other.dispose();
    }
  });

  it('computes nothing of an earlier turn again', async () => {
    const first = await conversation.ask(turn);
    const second = await conversation.ask({ ...turn, question: `${question} Which constant?` });
    const held =
      first.counters.tokensReused + first.counters.questionTokens + first.counters.tokensDecoded;
    // The last token of an answer that ended by its length has no KV yet.
    assert.ok(second.counters.tokensReused >= held - 1, JSON.stringify([first, second]));
    assert.ok(second.counters.tokensComputed <= second.counters.questionTokens + 1);
  });

  it('starts over after an answer during which a file that it rests on was saved', async () => {
    const first = await conversation.ask({
      ...turn,
      onText: () => conversation.forgetOutdated(['src/limits.ts', 'src/basket.ts']),
    });
    const second = await conversation.ask({ ...turn, question: `${question} Which constant?` });
    // Nothing counts as held: the evidence is chosen and put before the question anew.
    assert.equal(second.counters.workingSetTokens, first.counters.workingSetTokens);
    assert.ok(second.sources.every(({ weight }) => weight > 0));
  });

  it('gives the same answer again after it started over', async () => {
    const first = await conversation.ask(turn);
    conversation.restart();
    const second = await conversation.ask(turn);
    assert.equal(second.answer, first.answer);
  });

  it('starts over with fresh evidence when its window is full @slow', async () => {
    const small = new Conversation(askContext(assistant, repository));
    try {
      const evidence: number[] = [];
      for (let i = 0; i < 14; i++) {
        const result = await small.ask(turn);
        evidence.push(result.counters.workingSetTokens);
      }
      const [first, second] = evidence;
      assert.ok(first !== undefined && first > 0);
      assert.equal(second, 0, 'the second turn has the evidence already');
      assert.ok(evidence.lastIndexOf(first) > 0, `never started over: ${evidence.join(' ')}`);
    } finally {
      small.dispose();
    }
  });

  it('stops an answer within a moment when it is cancelled', async () => {
    const controller = new AbortController();
    let abortedAtMs = 0;
    const running = conversation.ask({
      ...turn,
      maxTokens: 1000,
      signal: controller.signal,
      onText: () => {
        if (abortedAtMs === 0) {
          abortedAtMs = performance.now();
          controller.abort();
        }
      },
    });
    const result = await running.catch((error: unknown) => {
      assert.ok(isCancelled(error));
      return undefined;
    });
    assert.ok(result === undefined || result.reason === 'cancelled');
    assert.ok(performance.now() - abortedAtMs < 1000);
  });

  it('finds the right answer likelier with evidence than without', async () => {
    const options = { ...turn, answerStart: 'The answer is: `' };
    const known = await conversation.score(options, '37');
    conversation.restart();
    const blind = await conversation.score({ ...options, mode: 'none' }, '37');
    assert.ok(known.nll < blind.nll, `${known.nll} against ${blind.nll} without evidence`);
  });
});
