// How long the engine goes on after it was told to stop. The figures are printed; 50 ms are
// meant, and the bound leaves room for a machine that has other work.

import assert from 'node:assert/strict';
import { openAssistant, type Assistant } from '../../server/assistant.js';
import type { Part } from '../../server/engine/addon.js';
import { isCancelled } from '../../server/engine/errors.js';
import { homeWithModel, smallModel } from './setup.js';

const boundMs = 250;
const tries = 5;

describe('cancelling', function () {
  this.timeout(120_000);
  let assistant: Assistant;
  let text: Int32Array;

  before(async () => {
    assistant = await openAssistant({
      home: await homeWithModel(),
      model: smallModel,
      threads: 1,
    });
    const line = 'export function next(value: number): number { return value + 1; }\n';
    [text = new Int32Array()] = await assistant.engine.tokenize([line.repeat(100)]);
  });

  after(() => assistant.dispose());

  /** Milliseconds from the call to the end of the job; `begun` says when to call. */
  async function cancelled(
    tokens: Int32Array,
    begun: (cancel: () => void) => (() => void) | undefined,
  ): Promise<number> {
    const session = assistant.engine.newSession(4096);
    const controller = new AbortController();
    let atMs = 0;
    const onText = begun(() => {
      atMs ||= performance.now();
      controller.abort();
    });
    const parts: Part[] = [{ kind: 'text', tokens }];
    try {
      const result = await session.generate(
        {
          parts,
          questionPart: 0,
          repair: { share: 0 },
          maxTokens: 1500,
          sampling: { temperature: 0 },
          stop: [],
          ...(onText === undefined ? {} : { onText }),
        },
        'chat',
        controller.signal,
      );
      assert.equal(result.reason, 'cancelled');
    } catch (error) {
      assert.ok(isCancelled(error), String(error));
    } finally {
      session.dispose();
    }
    assert.ok(atMs > 0, 'it ended before it was cancelled');
    return performance.now() - atMs;
  }

  function judge(what: string, times: number[]): void {
    const shown = times.map((time) => time.toFixed(1)).join(' ');
    console.log(`figure: cancelled in ${what}: ${shown} ms`);
    assert.ok(Math.max(...times) < boundMs, `${what}: ${shown} ms`);
  }

  it('ends a long prefill at once', async () => {
    const times: number[] = [];
    for (let i = 0; i < tries; i++) {
      times.push(
        await cancelled(text, (cancel) => {
          setTimeout(cancel, 300 + 70 * i);
          return undefined;
        }),
      );
    }
    judge('prefill', times);
  });

  it('ends decoding at once', async () => {
    const times: number[] = [];
    for (let i = 0; i < tries; i++) {
      let pieces = 0;
      times.push(
        await cancelled(text.subarray(0, 100), (cancel) => () => {
          if (++pieces === 3 + i) {
            cancel();
          }
        }),
      );
    }
    judge('decoding', times);
  });

  it('ends the reading of a segment at once', async () => {
    const times: number[] = [];
    for (let i = 0; i < tries; i++) {
      const controller = new AbortController();
      const key = i.toString(16).padStart(64, '0');
      const chunkEnds = Uint32Array.of(text.length);
      const reading = assistant.engine.readSegment(
        { key, tokens: text, chunkEnds },
        'index',
        controller.signal,
      );
      await new Promise((resolve) => setTimeout(resolve, 300 + 70 * i));
      const atMs = performance.now();
      controller.abort();
      await assert.rejects(reading, isCancelled);
      times.push(performance.now() - atMs);
    }
    judge('reading', times);
  });
});
