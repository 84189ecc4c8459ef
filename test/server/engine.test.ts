import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeoEngine } from '../../server/engine/engine.js';
import type { LeoSession } from '../../server/engine/session.js';
import { isEngineError } from '../../server/engine/errors.js';
import { modelPath } from '../../server/models/index.js';
import { homeWithModel, smallModel } from './setup.js';

const sampling = { temperature: 0 };
const repair = { share: 0 };

/** The code that a call fails with, thrown or rejected; undefined where it does not fail. */
async function failure(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    assert.ok(isEngineError(error), String(error));
    return error.code;
  }
}

describe('an engine', function () {
  this.timeout(120_000);

  it('looks at its store while the event loop goes on', async () => {
    const home = await homeWithModel();
    const model = { id: smallModel, path: modelPath(home, smallModel), hash: 'test' };
    const engine = await LeoEngine.open({ home, model, threads: 1, precision: 'q8' });
    try {
      let isTold = false;
      const told = Promise.resolve(engine.storeStats()).then(({ segments }) => {
        isTold = true;
        return segments;
      });
      for (let turn = 0; turn < 10; turn++) {
        await Promise.resolve(); // what is known at once is told by then
      }
      assert.equal(isTold, false);
      assert.equal(await told, 0);
    } finally {
      await engine.dispose();
    }
  });
});

describe('a store that is verified', () => {
  it('is refused without a directory, which keeps no process alive', () => {
    const load = new URL('../../server/engine/load.js', import.meta.url).href;
    const script = `const { addon } = (await import(${JSON.stringify(load)})).loadAddon();
      try { addon.verifyStore(undefined, () => {}); } catch { console.log('refused'); }`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(stdout.trim(), 'refused');
    assert.equal(status, 0);
  }).timeout(60_000);
});

describe('an engine that is disposed of', function () {
  this.timeout(120_000);
  let engine: LeoEngine;
  let prompt: Int32Array;

  beforeEach(async () => {
    const home = await homeWithModel();
    const model = { id: smallModel, path: modelPath(home, smallModel), hash: 'test' };
    engine = await LeoEngine.open({ home, model, threads: 1, precision: 'q8' });
    const [preamble, text] = await engine.tokenize(['You count.\n', 'One, two, three, ']);
    await engine.native.setPreamble(preamble ?? new Int32Array());
    prompt = text ?? new Int32Array();
  });

  afterEach(() => engine.dispose());

  const answer = (session: LeoSession, maxTokens: number): ReturnType<LeoSession['generate']> =>
    session.generate(
      {
        parts: [{ kind: 'text', tokens: prompt }],
        ...{ questionPart: 0, repair, maxTokens, sampling, stop: [] },
      },
      'chat',
    );

  it('refuses every call with one code', async () => {
    const session = engine.newSession(512);
    await engine.dispose();
    const key = 'a'.repeat(64);
    const calls: (() => unknown)[] = [
      () => answer(session, 4),
      () => session.size(),
      () => engine.newSession(512),
      () => engine.native.info(),
      () => engine.tokenize(['text']),
      () => engine.hasSegments([key]),
      () => engine.storeStats(),
      () => engine.setRetrievalHeads([]),
      () => engine.scoreChunks(prompt, prompt, [{ key, first: 0, last: 1 }]),
      () =>
        engine.readSegment(
          { key, tokens: prompt, chunkEnds: Uint32Array.of(prompt.length) },
          'index',
        ),
    ];
    for (const call of calls) {
      assert.equal(await failure(call), 'disposed', call.toString());
    }
  });

  it('can be disposed of twice, and its sessions before and after it', async () => {
    const [first, second] = [engine.newSession(512), engine.newSession(512)];
    first.dispose();
    first.dispose();
    await engine.dispose();
    await engine.dispose();
    second.dispose();
  });

  it('ends the answer in flight, and those that wait, when it goes', async () => {
    const running = answer(engine.newSession(2048), 2000);
    const waiting = answer(engine.newSession(2048), 2000);
    await sleep(300);
    await engine.dispose();
    for (const one of [running, waiting]) {
      // A generation that has begun resolves with what was written until then.
      const ended = await one.then(
        ({ reason }) => reason,
        (error: unknown) => (isEngineError(error) ? error.code : error),
      );
      assert.ok(['cancelled', 'disposed'].includes(String(ended)), String(ended));
    }
  });

  it('lets go of what a session that nobody disposed of reads of the disk', async function () {
    if (process.platform !== 'linux') {
      this.skip(); // which files are open cannot be listed elsewhere
    }
    const openSegments = (): string[] =>
      readdirSync('/proc/self/fd').flatMap((descriptor) => {
        try {
          return [readlinkSync(`/proc/self/fd/${descriptor}`)].filter((file) =>
            file.endsWith('.seg'),
          );
        } catch {
          return []; // closed meanwhile
        }
      });
    const key = 'a'.repeat(64);
    const chunkEnds = Uint32Array.of(prompt.length);
    await engine.readSegment({ key, tokens: prompt, chunkEnds }, 'index');
    const session = engine.newSession(512, { ramBytes: 1e6 });
    await session.generate(
      {
        parts: [
          { kind: 'chunks', key, first: 0, last: 1 },
          { kind: 'text', tokens: prompt },
        ],
        ...{ questionPart: 1, repair, maxTokens: 2, sampling, stop: [] },
      },
      'chat',
    );
    assert.equal(openSegments().length, 1);
    await engine.dispose();
    assert.deepEqual(openSegments(), []);
    assert.equal(await failure(() => session.size()), 'disposed');
  });

  it('refuses a session that was disposed of, even with a job in flight', async () => {
    const session = engine.newSession(2048);
    const ended = answer(session, 60).catch((error: unknown) => assert.ok(isEngineError(error)));
    await sleep(100);
    session.dispose();
    assert.equal(await failure(() => answer(session, 4)), 'disposed');
    assert.equal(await failure(() => session.size()), 'disposed');
    await ended;
    assert.ok((await answer(engine.newSession(512), 4)).tokens.length > 0);
  });

  it('answers two requests to one session one after the other', async () => {
    const session = engine.newSession(512);
    const [first, second] = await Promise.all([answer(session, 8), answer(session, 8)]);
    assert.equal(second.text, first.text);
  });
});
