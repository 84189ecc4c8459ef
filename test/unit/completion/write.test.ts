import assert from 'node:assert/strict';
import { approximations } from '../../../server/completion/approximations.js';
import type { Completion } from '../../../server/completion/completer.js';
import { writeFor } from '../../../server/completion/write.js';
import { completionOf, FakeCompleter } from './fakeCompleter.js';

const text = 'function f() {\n  \n}\n';
const offset = text.indexOf('\n}');
const place = { text, offset, languageId: 'typescript' };

/** Writes a line first and, asked again, `statement`. */
async function written(
  line: Completion,
  statement: Completion,
): Promise<{ result: Completion; passes: number }> {
  const completer = new FakeCompleter(({ stop }) => (stop.length > 0 ? line : statement));
  const request = { path: 'a.ts', text, offset, approximations: approximations('leoam') };
  const result = await writeFor(completer, request, place, 'line');
  return { result, passes: completer.requests.length };
}

describe('a statement that goes on behind its first line', () => {
  const line = completionOf('foo(', 'stop');

  it('is written whole where the model itself ends it', async () => {
    const { result } = await written(line, completionOf('foo(\n    a,\n    b,\n  );'));
    assert.equal(result.completion, 'foo(\n    a,\n    b,\n  );');
  });

  it('is its first line where it has no end', async () => {
    const { result } = await written(line, completionOf('foo(\n    a,\n    b,', 'length'));
    assert.equal(result.completion, 'foo(');
    assert.equal(result.reason, 'stop');
  });

  it('is its first line where the rest is unlikely', async () => {
    const whole = 'foo(\n    a,\n  );\n';
    const { result } = await written(line, completionOf(whole, 'unlikely'));
    assert.equal(result.completion, 'foo(');
    assert.equal(result.reason, 'stop');
  });

  it('is written whole also behind a suggestion that is taken', async () => {
    const whole = completionOf('foo(\n    a,\n  );');
    const answers = [completionOf('foo(\nb', 'stop'), whole];
    const completer = new FakeCompleter(() => answers.shift() ?? whole);
    const request = { path: 'a.ts', text, offset, approximations: approximations('leoam') };
    const { completion } = await writeFor(completer, request, place, 'nextLine');
    assert.equal(completion, whole.completion);
  });

  it('is nothing where it was given up, and counts what it took until then', async () => {
    const giveUp = new AbortController();
    for (const rejects of [false, true]) {
      const completer = new FakeCompleter(({ stop }) => {
        if (stop.length > 0) {
          return line;
        }
        giveUp.abort();
        return rejects
          ? Promise.reject(giveUp.signal.reason as Error)
          : completionOf('foo(\n    a', 'cancelled');
      });
      const request = {
        ...{ path: 'a.ts', text, offset, approximations: approximations('leoam') },
        signal: giveUp.signal,
      };
      const result = await writeFor(completer, request, place, 'line');
      assert.equal(result.reason, 'cancelled');
      assert.equal(result.counters.tokensComputed, rejects ? 3 : 6);
    }
  });

  it('is its first line where only the rest had to end for what is more urgent', async () => {
    const { result } = await written(line, completionOf('foo(\n    a', 'cancelled'));
    assert.equal(result.completion, 'foo(');
    assert.equal(result.reason, 'stop');
    const completer = new FakeCompleter(({ stop }) =>
      stop.length > 0
        ? line
        : Promise.reject(Object.assign(new Error('given up'), { code: 'cancelled' })),
    );
    const request = { path: 'a.ts', text, offset, approximations: approximations('leoam') };
    assert.equal((await writeFor(completer, request, place, 'line')).completion, 'foo(');
  });

  it('costs what both passes took, whichever is taken', async () => {
    for (const more of ['foo(\n    a,\n  );', 'foo(\n    a,']) {
      const { result, passes } = await written(line, completionOf(more));
      assert.equal(passes, 2);
      assert.equal(result.counters.tokensDecoded, 'foo('.length + more.length);
      assert.equal(result.counters.tokensComputed, 6);
      assert.equal(result.counters.tokensReused, 200);
      assert.equal(result.timings.totalMs, 4);
    }
  });

  it('is written whole in a cell of a notebook, too', async () => {
    const whole = completionOf('foo(\n    a,\n  );');
    const completer = new FakeCompleter(({ stop }) => (stop.length > 0 ? line : whole));
    const request = { path: 'a.ipynb', text, offset, approximations: approximations('leoam') };
    const { completion } = await writeFor(completer, request, place, 'line');
    assert.equal(completion, whole.completion);
  });

  it('is not looked for where the line is whole', async () => {
    const { passes } = await written(completionOf('foo();', 'stop'), completionOf('never'));
    assert.equal(passes, 1);
  });
});
