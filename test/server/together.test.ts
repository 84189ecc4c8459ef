import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenerateRequest } from '../../server/engine/addon.js';
import { LeoEngine } from '../../server/engine/engine.js';
import type { SessionRequest } from '../../server/engine/session.js';
import type { TierOptions } from '../../server/engine/tierOptions.js';
import { modelPath } from '../../server/models/index.js';
import { homeWithModel, smallModel } from './setup.js';

const texts = ['One, two, three, ', 'Monday, Tuesday, ', 'A, B, C, D, '];
const lengths = [12, 3, 9];

describe('answers that are written together', function () {
  this.timeout(120_000);
  let engine: LeoEngine;
  let requests: SessionRequest<GenerateRequest>[];

  before(async () => {
    const home = await homeWithModel();
    const model = { id: smallModel, path: modelPath(home, smallModel), hash: 'test' };
    engine = await LeoEngine.open({ home, model, threads: 1, precision: 'q8' });
    const [preamble, ...prompts] = await engine.tokenize(['You count.\n', ...texts]);
    await engine.native.setPreamble(preamble ?? new Int32Array());
    requests = prompts.map((tokens, index) => ({
      parts: [{ kind: 'text', tokens }],
      ...{ questionPart: 0, repair: { share: 0 }, maxTokens: lengths[index]! },
      ...{ sampling: { temperature: 0 }, stop: [] },
    }));
  });

  after(() => engine.dispose());

  it('are those that each session writes alone', async () => {
    const asked = requests.map((request) => ({ session: engine.newSession(512), request }));
    const together = await engine.generateTogether(asked, 'chat');
    for (const [index, request] of requests.entries()) {
      const session = engine.newSession(512);
      const alone = await session.generate(request, 'chat');
      assert.equal(together[index]?.text, alone.text);
      assert.equal(together[index].counters.tokensDecoded, lengths[index]);
      assert.equal(asked[index]!.session.size(), session.size());
    }
    // Each goes on by itself.
    const [first] = asked;
    const next = { ...requests[0]!, maxTokens: 2 };
    assert.equal((await first!.session.generate(next, 'chat')).counters.tokensComputed, 1);
  });

  it('tell each its own text, piece by piece and side by side', async () => {
    const order: number[] = [];
    const pieces = requests.map((): string[] => []);
    const asked = requests.map((request, index) => {
      const onText = (text: string): void => {
        order.push(index);
        pieces[index]!.push(text);
      };
      return { session: engine.newSession(512), request: { ...request, onText } };
    });
    const results = await engine.generateTogether(asked, 'chat');
    assert.deepEqual(
      pieces.map((one) => one.join('')),
      results.map(({ text }) => text),
    );
    assert.ok(pieces[0]!.length > 3, `only ${String(pieces[0]!.length)} pieces of 12 tokens`);
    assert.ok(order.indexOf(2) < order.lastIndexOf(0), 'the last answer waited for the first');
  });

  it('end where they are cancelled, with what was written until then', async () => {
    const stop = new AbortController();
    const long = requests.map((request) => ({
      session: engine.newSession(2048),
      request: { ...request, maxTokens: 1500 },
    }));
    const running = engine.generateTogether(long, 'chat', stop.signal);
    const waiting = engine.newSession(512).generate(requests[0]!, 'completion');
    assert.equal((await waiting).reason, 'length'); // what is more urgent goes first
    await sleep(1500); // all have begun, and none has come to its end
    stop.abort();
    const results = await running;
    assert.ok(results.some(({ reason }) => reason === 'cancelled'));
    assert.ok(results.every(({ tokens }) => tokens.length < 1500));
  });

  it('need a session each, of this engine, and tell what else is wrong', async () => {
    const session = engine.newSession(512);
    const request = requests[0]!;
    await assert.rejects(
      engine.generateTogether(
        [
          { session, request },
          { session, request },
        ],
        'chat',
      ),
      /in a session of its own/u,
    );
    await assert.rejects(engine.generateTogether([], 'chat'), /answers are written together/u);
    const wrong = { native: {} } as unknown as typeof session;
    await assert.rejects(engine.generateTogether([{ session: wrong, request }], 'chat'), TypeError);
    session.dispose();
    await assert.rejects(engine.generateTogether([{ session, request }], 'chat'), {
      code: 'disposed',
    });
  });

  it('take no tiers that make no sense', () => {
    const tiers: TierOptions = { ramBytes: 1e6, share: 0.5, mass: 'enough' };
    engine.newSession(512, tiers).dispose();
    for (const wrong of [{ codeShare: 2 }, { mass: 'much' }, { share: 0 }, { draftTokens: 65 }]) {
      assert.throws(
        () => engine.newSession(512, { ...tiers, ...wrong } as TierOptions),
        /A session's tiers need|mass/u,
      );
    }
  });
});
