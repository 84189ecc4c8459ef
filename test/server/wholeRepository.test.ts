// Mode full with a limit of memory: the whole repository is attended to from disk.

import assert from 'node:assert/strict';
import { z } from 'zod';
import {
  askContext,
  openAssistant,
  openRepositoryFor,
  type Assistant,
} from '../../server/assistant.js';
import type { AskResult } from '../../server/chat/asked.js';
import { Conversation } from '../../server/chat/conversation.js';
import { behindWholeRepository, noTurns, prepareTurn } from '../../server/chat/turn.js';
import { exactTiers, type TierOptions } from '../../server/engine/tierOptions.js';
import { hitRates } from '../../server/engine/tierRates.js';
import { indexRepository } from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { homeWithModel, leoam, shopFiles, smallModel, temporaryRepository } from './setup.js';

const question = 'How many items fit into a basket at most?';
const turn = { question, mode: 'full', maxTokens: 12 } as const;

const parsed = z.object({
  answer: z.string(),
  counters: z.object({ bytesFromDisk: z.number() }),
  tiers: z.object({
    abstractBytes: z.number(),
    blocksFromDevice: z.number(),
    blocksRead: z.number(),
    bytesRead: z.number(),
    deviceLost: z.boolean(),
  }),
});

describe('a whole repository in little memory @slow', function () {
  this.timeout(120_000);
  let home: string;
  let root: string;
  let assistant: Assistant;
  let repository: RepositoryIndex;
  let kvBytes: number;

  before(async () => {
    home = await homeWithModel();
    root = await temporaryRepository(shopFiles);
    assistant = await openAssistant({ home, model: smallModel, threads: 1 });
    repository = await openRepositoryFor(assistant, root);
    kvBytes = repository.totalTokens * assistant.engine.info.kvBytesPerToken;
  });

  after(async () => {
    await repository.close();
    await assistant.dispose();
  });

  const conversation = (share: number): Conversation =>
    new Conversation(
      askContext(assistant, repository, { tiers: { ramBytes: Math.ceil(share * kvBytes) } }),
    );

  it('is refused until all of it has been read', async () => {
    await assert.rejects(conversation(1).ask(turn), { code: 'not-read' });
    await indexRepository({ index: repository, engine: assistant.engine.native });
  });

  it('answers as if all of it were held, and tells what it read for that', async () => {
    const [small, large] = [conversation(0.2), conversation(2)];
    const inLittle = await small.ask(turn);
    const inMuch = await large.ask(turn);
    assert.equal(inLittle.answer, inMuch.answer);
    assert.equal(inLittle.counters.repoTokensComputed, 0);
    assert.equal(inLittle.counters.workingSetTokens, inMuch.counters.workingSetTokens);
    // Once for the question where there is room for all, and for every token where there is not.
    const { bytesFromDisk, tokensDecoded } = inMuch.counters;
    assert.ok(tokensDecoded > 2);
    assert.ok(inLittle.counters.bytesFromDisk > 2 * bytesFromDisk);
    // Of each pass over all of it no more stays in RAM than there is room for, though all is read ahead.
    const { ram = 1 } = hitRates(inLittle.tiers!);
    assert.ok(ram <= 0.2, String(ram));
    assert.ok(inLittle.sources.length > 0);
    assert.ok(inLittle.sources.some(({ path }) => path === 'src/limits.ts'));
    const weights = inLittle.sources.map(({ weight }) => weight);
    assert.ok(
      weights.every((weight) => weight > 0),
      JSON.stringify(weights),
    );

    const next = { ...turn, question: 'And which constant says so?' };
    const [second, other] = [await small.ask(next), await large.ask(next)];
    assert.equal(second.answer, other.answer);
    assert.ok(second.counters.tokensComputed <= second.counters.questionTokens + 1);
    assert.equal(other.counters.bytesFromDisk, 0);
    small.dispose();
    large.dispose();
  });

  it('is held once for all chats about it', async () => {
    const [first, second] = [conversation(2), conversation(2)];
    await first.ask(turn);
    const { evidence } = assistant.engine.sessionUse();
    const other = await second.ask({ ...turn, question: 'Which class has items?' });
    assert.equal(other.counters.repoTokensComputed, 0);
    assert.equal(other.counters.bytesFromDisk, 0);
    const both = assistant.engine.sessionUse().evidence;
    assert.equal(both?.budgetBytes, evidence?.budgetBytes);
    assert.equal(both?.bytes, evidence?.bytes);
    assert.ok((both?.blocksWanted ?? 0) > (evidence?.blocksWanted ?? 0));
    assert.equal(both?.blocksRead, evidence?.blocksRead);
    first.dispose();
    const third = await second.ask({ ...turn, question: 'And which constant says so?' });
    assert.equal(third.counters.bytesFromDisk, 0);
    second.dispose();
  });

  it('tells what it holds and has read while an answer is written', async () => {
    const wanted: number[] = [];
    const one = conversation(0.5);
    const onText = (): void => {
      wanted.push(assistant.engine.sessionUse().evidence?.blocksWanted ?? 0);
    };
    const { tiers } = await one.ask({ ...turn, onText });
    assert.ok(wanted.length > 2);
    assert.ok((wanted[0] ?? 0) > 0 && (wanted[0] ?? 0) < (tiers?.blocksWanted ?? 0));
    assert.deepEqual(
      wanted,
      [...wanted].sort((a, b) => a - b),
    );
    one.dispose();
  });

  it('answers the same where a share of it drafts and all of it verifies', async () => {
    const long = { ...turn, maxTokens: 60 };
    const ramBytes = Math.ceil(0.5 * kvBytes);
    const answered = async (tiers: TierOptions): Promise<AskResult> => {
      const one = new Conversation(askContext(assistant, repository, { tiers }));
      try {
        return await one.ask(long);
      } finally {
        one.dispose();
      }
    };
    const exact = await answered({ ramBytes });
    const drafted = await answered({ ramBytes, ...exactTiers });
    assert.equal(drafted.answer, exact.answer);
    assert.ok(drafted.counters.tokensDecoded > 20);
    const { peakBytes, abstractBytes, blocksHit, blocksRead, blocksWanted } = drafted.tiers!;
    assert.ok(abstractBytes > 0 && peakBytes + abstractBytes <= ramBytes, `${abstractBytes}`);
    assert.ok(blocksHit > 0 && blocksHit + blocksRead >= blocksWanted);
    assert.equal(exact.tiers?.abstractBytes, 0);
    // The question itself reads all in both.
    assert.ok(drafted.counters.bytesFromDisk < exact.counters.bytesFromDisk);
  });

  it('is said to need more memory where one layer of it does not fit', async () => {
    const none = conversation(0.001);
    await assert.rejects(none.ask(turn), (error: Error) =>
      error.message.includes('raise the budget'),
    );
    none.dispose();
  });

  it('is an option of the terminal', async () => {
    const { stdout, code } = await leoam(
      [
        ...['ask', question, '--repo', root, '--mode', 'full', '--evidence-memory', '1', '--json'],
        ...['--max-tokens', '4', '--model', smallModel],
      ],
      { home },
    );
    assert.equal(code, 0);
    const { counters } = parsed.parse(JSON.parse(stdout));
    assert.ok(counters.bytesFromDisk > 0);
    const shared = await leoam(
      [
        ...['ask', question, '--repo', root, '--mode', 'full', '--evidence-memory', '4', '--json'],
        ...['--evidence-share', '0.5', '--evidence-high-plane', 'never', '--max-tokens', '4'],
        ...['--evidence-page-cache', 'pass', '--model', smallModel],
      ],
      { home },
    );
    assert.equal(shared.code, 0, shared.stderr);
    const { tiers } = parsed.parse(JSON.parse(shared.stdout));
    assert.ok(tiers.abstractBytes > 0, 'steps choose by abstracts');

    for (const wrong of [
      ['--evidence-memory', '1'],
      ['--mode', 'full', '--device-memory', '1'],
      ['--mode', 'full', '--evidence-memory', '1', '--device', 'CPU'],
      ['--mode', 'full', '--evidence-share', '0.2'],
      ['--mode', 'full', '--evidence-page-cache', 'pass'],
      ['--mode', 'full', '--evidence-memory', '1', '--evidence-draft', '4'],
      ['--mode', 'full', '--evidence-memory', '1', '--evidence-mass', '0.5'],
      ['--mode', 'full', '--evidence-memory', '1', '--evidence-high-plane', 'always'],
    ]) {
      const args = ['ask', question, '--repo', root, '--model', smallModel, ...wrong];
      assert.equal((await leoam(args, { home })).code, 2);
    }
  });

  it('lies in the memory of a device where RAM has no room for it', async () => {
    const ask = (...device: string[]): ReturnType<typeof leoam> =>
      leoam(
        [
          ...['ask', question, '--repo', root, '--model', smallModel, '--json'],
          ...['--mode', 'full', '--evidence-memory', '1', '--max-tokens', '8', ...device],
        ],
        { home },
      );
    const [alone, beside, none] = await Promise.all([
      ask(),
      // The processor's own memory stands for a GPU's.
      ask('--device-memory', '64', '--device', 'CPU'),
      ask('--device-memory', '64', '--device', 'CUDA7'),
    ]);
    const one = parsed.parse(JSON.parse(alone.stdout));
    const other = parsed.parse(JSON.parse(beside.stdout));
    assert.equal(other.answer, one.answer);
    assert.equal(one.tiers.blocksFromDevice, 0);
    assert.ok(other.tiers.blocksFromDevice > other.tiers.blocksRead, JSON.stringify(other));
    assert.ok(other.tiers.bytesRead < one.tiers.bytesRead);
    assert.equal(other.tiers.deviceLost, false);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no device "CUDA7"; there is CPU/u);
  });

  it('is answered from the files that fit where the window has no room for all, and says so', async () => {
    const context = askContext(assistant, repository, { tiers: { ramBytes: kvBytes } });
    const limits = repository.segmentsOf('src/limits.ts')[0]!.tokens.length;
    const beside = 150; // preamble and question
    const maxTokens = assistant.engine.info.context - limits - beside;
    const asked = { ...turn, question: 'Which total has free shipping?', maxTokens };
    const { sources, warning, whole, workingSetTokens } = await prepareTurn(context, asked);
    assert.deepEqual(sources.at(-1)?.path, 'src/limits.ts');
    assert.ok(workingSetTokens >= limits && workingSetTokens < repository.totalTokens);
    assert.match(warning ?? '', new RegExp(`tokens: the answer rests on \\d of 3 files`));
    // A later turn rests on no more.
    assert.ok(whole);
    const later = await prepareTurn(context, turn, { ...noTurns, whole });
    assert.equal(later.warning, warning);
    assert.equal(later.workingSetTokens, 0);
    assert.deepEqual(later.heldSources, sources);

    const all = repository.files.map(({ path }) => path);
    const besideAll = { ...turn, selection: { mentioned: all } };
    const named = await prepareTurn(context, besideAll, { ...noTurns, whole });
    assert.match(named.warning ?? '', / is not among the files .*: ask in a new chat\./u);
    // Turns that are told again have files chosen for this question.
    const told = await behindWholeRepository(context, { ...besideAll, maxTokens }, noTurns);
    const again = await prepareTurn(context, besideAll, told);
    assert.match(again.warning ?? '', /window has no room for /u);
    assert.doesNotMatch(again.warning ?? '', /new chat/u);
    const one = new Conversation(context);
    const likely = await one.score({ ...turn, maxTokens }, '37');
    assert.ok(likely.nll < 8, `${likely.nll} nats`);
    one.dispose();
  });

  it('stays on disk also behind turns that are told again, and is cited in every turn', async () => {
    const told = conversation(1);
    const earlier = [{ turn: 'one', question: 'Which class has items?', answer: 'Basket.' }];
    const first = await told.ask({ ...turn, earlier, turn: 'two' });
    const here = conversation(1);
    await here.ask(turn);
    const second = await here.ask({ ...turn, question: 'Which class has items?' });
    for (const { sources, counters, tiers } of [first, second]) {
      assert.equal(new Set(sources.map(({ path }) => path)).size, repository.files.length);
      assert.equal(counters.repoTokensComputed, 0);
      assert.ok(tiers !== undefined && tiers.kvBytes > 0 && tiers.peakBytes <= tiers.kvBytes);
    }
    assert.ok(first.counters.bytesFromDisk > 0);
    told.dispose();
    here.dispose();
  });

  it('is chosen anew where the window has no room for a turn behind the earlier ones', async () => {
    const [first, fresh] = [conversation(1), conversation(1)];
    await first.ask(turn);
    const maxTokens = assistant.engine.info.context - repository.totalTokens - 70;
    const next = { ...turn, question: 'Which class has items?', maxTokens };
    const [later, alone] = [await first.score(next, 'Basket'), await fresh.score(next, 'Basket')];
    assert.equal(later.nll, alone.nll);
    first.dispose();
    fresh.dispose();
  });
});
