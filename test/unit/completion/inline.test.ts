import assert from 'node:assert/strict';
import type { Completion } from '../../../server/completion/completer.js';
import {
  InlineCompletions,
  type InlineOutcome,
  type InlineRequest,
} from '../../../server/completion/inline.js';
import { completionOf, FakeCompleter } from './fakeCompleter.js';

const text = 'const a = \n';
const request: InlineRequest = {
  ...{ uri: 'file:///a.ts', path: 'a.ts', text, offset: text.length - 1 },
  line: 1,
  languageId: 'typescript',
  isExplicit: true,
};
const never = new AbortController().signal;

/** What comes behind "one();", which was suggested and is taken. */
async function takenIn(
  inline: InlineCompletions,
  { isExplicit }: Pick<InlineRequest, 'isExplicit'>,
): Promise<InlineOutcome> {
  await inline.complete({ ...request, isExplicit: false }, never);
  await new Promise((resolve) => setImmediate(resolve)); // looking ahead has begun
  const after = 'const a = one();\n';
  const taken = { ...request, isExplicit, text: after, offset: after.length - 1 };
  return inline.complete(taken, never);
}

describe('inline completions of a folder', () => {
  it('bring each alternative once, and not what was seen', async () => {
    const drawn = ['two()', 'one()', 'two()', 'three()'];
    const completer = new FakeCompleter(({ sampling }) =>
      completionOf(sampling === undefined ? 'one()' : (drawn.shift() ?? 'none')),
    );
    const inline = new InlineCompletions(completer);
    const first = await inline.complete(request, never);
    assert.deepEqual(
      first.suggestions.map((one) => one.text),
      ['one()'],
    );
    const again = await inline.complete(request, never);
    assert.deepEqual(
      again.suggestions.map((one) => one.text),
      ['one()', 'two()'],
    );
    await inline.dispose();
  });

  it('tell what alternatives took, also where they were given up', async () => {
    const stop = new AbortController();
    const texts = ['two()', 'three()', 'four()', 'five'];
    const completer = new FakeCompleter(({ sampling }) => {
      const drawn = sampling === undefined ? 'one()' : (texts.shift() ?? '');
      if (drawn === 'five') {
        stop.abort();
      }
      return completionOf(drawn, drawn === 'five' ? 'cancelled' : 'end');
    });
    const inline = new InlineCompletions(completer);
    await inline.complete(request, never);
    const { record } = await inline.complete(request, never);
    assert.equal(record.outcome, 'kept');
    assert.equal(record.counters.tokensComputed, 3 + 3);
    assert.equal(record.counters.tokensReused, 100 + 100);
    assert.equal(record.counters.tokensDecoded, 'two()'.length + 'three()'.length);
    const given = await inline.complete(request, stop.signal);
    assert.equal(given.record.reason, 'cancelled');
    assert.equal(given.record.counters.tokensDecoded, 'four()'.length + 'five'.length);
    await inline.dispose();
  });

  it('tell what ran ahead of need since the request before, once', async () => {
    const completer = new FakeCompleter(({ maxTokens, text: of, offset }) =>
      completionOf(
        maxTokens === 1 ? '' : of.slice(0, offset).endsWith('= ') ? 'one();' : '\ntwo();',
      ),
    );
    const inline = new InlineCompletions(completer);
    const automatic = { ...request, isExplicit: false };
    for (const offset of [1500, 50]) {
      await inline.prepare({ path: 'b.ts', text: 'x'.repeat(2000), offset }, [], never);
    }
    const first = (await inline.complete(automatic, never)).record;
    assert.equal(first.prepared?.tokensComputed, 3 + 3);
    assert.equal(first.lookedAhead, undefined);
    assert.equal(first.counters.tokensComputed, 3);
    await new Promise((resolve) => setImmediate(resolve)); // looking ahead
    const second = (await inline.complete(automatic, never)).record;
    assert.equal(second.prepared, undefined);
    assert.equal(second.lookedAhead?.tokensDecoded, '\ntwo();'.length);
    assert.equal(second.counters.tokensComputed, 0); // it was there
    const third = (await inline.complete(automatic, never)).record;
    assert.equal(third.lookedAhead, undefined);
    await inline.dispose();
  });

  it('tell what one took that was cut short', async () => {
    const stop = new AbortController();
    const completer = new FakeCompleter(() => {
      stop.abort();
      return completionOf('one(', 'cancelled');
    });
    const inline = new InlineCompletions(completer);
    const { record } = await inline.complete(request, stop.signal);
    assert.equal(record.reason, 'cancelled');
    assert.equal(record.counters.tokensDecoded, 'one('.length);
    await inline.dispose();
  });

  it('keep an alternative, behind the likeliest one', async () => {
    const completer = new FakeCompleter(({ sampling }) =>
      completionOf(sampling === undefined ? 'one()' : 'two()'),
    );
    const inline = new InlineCompletions(completer);
    const shown = async (of: InlineRequest): Promise<string[]> =>
      (await inline.complete(of, never)).suggestions.map((one) => one.text);
    await shown(request);
    await shown(request);
    const isWritten = completer.requests.length;
    const automatic = { ...request, isExplicit: false };
    assert.deepEqual(await shown(automatic), ['one()']);
    const typed = 'const a = tw\n';
    assert.deepEqual(await shown({ ...automatic, text: typed, offset: typed.length - 1 }), ['o()']);
    const written = completer.requests.slice(isWritten);
    assert.ok(written.every(({ requestClass }) => requestClass === 'prepare'));
    await inline.dispose();
  });

  it('are computed anew where a file that they rest on has changed', async () => {
    const sources = [{ path: 'b.ts', startLine: 1, endLine: 9 }];
    const texts = ['oldName()', 'newName()'];
    const completer = new FakeCompleter(({ requestClass }) =>
      requestClass === 'prepare'
        ? completionOf('', 'cancelled')
        : { ...completionOf(texts.shift() ?? ''), sources },
    );
    const inline = new InlineCompletions(completer);
    const shown = async (): Promise<string | undefined> =>
      (await inline.complete({ ...request, isExplicit: false }, never)).suggestions[0]?.text;
    assert.equal(await shown(), 'oldName()');
    inline.outdated(['c.ts']);
    assert.equal(await shown(), 'oldName()');
    inline.outdated(['b.ts']);
    assert.equal(await shown(), 'newName()');
    await inline.dispose();
  });

  it('show nothing that the model is not sure of, and less sure ones where somebody asks', async () => {
    const completer = new FakeCompleter(() => completionOf('guess()', 'unlikely'));
    const inline = new InlineCompletions(completer);
    const automatic = await inline.complete({ ...request, isExplicit: false }, never);
    assert.deepEqual(automatic.suggestions, []);
    assert.equal(automatic.record.reason, 'unlikely');
    assert.equal(automatic.record.text, 'guess()');
    await inline.complete(request, never);
    const [least, asked] = completer.requests.map((one) => one.minMeanLogProbability ?? 0);
    assert.ok(least !== undefined && asked !== undefined && asked < least && least < 0);
    await inline.dispose();
  });

  it('have the next one ready behind the one that is taken', async () => {
    const completer = new FakeCompleter(({ text: of, offset }) =>
      completionOf(of.slice(0, offset).endsWith('= ') ? 'one();' : '\nconst b = two();'),
    );
    const inline = new InlineCompletions(completer);
    const automatic = { ...request, isExplicit: false };
    const first = await inline.complete(automatic, never);
    assert.deepEqual(
      first.suggestions.map((one) => one.text),
      ['one();'],
    );
    await new Promise((resolve) => setImmediate(resolve));
    const ahead = completer.requests.at(-1);
    assert.equal(ahead?.text, 'const a = one();\n');
    assert.equal(ahead.offset, 'const a = one();'.length);
    const isAsked = completer.requests.length;
    const taken = { ...automatic, text: ahead.text, offset: ahead.offset };
    const second = await inline.complete(taken, never);
    assert.equal(second.record.outcome, 'kept');
    assert.deepEqual(
      second.suggestions.map((one) => one.text),
      ['\nconst b = two();'],
    );
    assert.equal(completer.requests[isAsked - 1], ahead);
    await inline.dispose();
  });

  it('have the next line ready behind one that is taken', async () => {
    const completer = new FakeCompleter(({ text: of, offset }) =>
      completionOf(of.slice(0, offset).endsWith('= ') ? 'one();\nmore' : '\ntwo();\nthree();\n'),
    );
    const inline = new InlineCompletions(completer);
    const { suggestions, record } = await takenIn(inline, { isExplicit: false });
    assert.equal(record.outcome, 'kept');
    assert.deepEqual(
      suggestions.map((one) => one.text),
      ['\ntwo();'],
    );
    await inline.dispose();
  });

  it('bring the next line also where one was taken before it was there', async () => {
    const completer = new FakeCompleter(({ text: of, offset, requestClass, signal }) =>
      of.slice(0, offset).endsWith('= ')
        ? completionOf('one();')
        : requestClass === 'prepare'
          ? new Promise((resolve) => {
              signal?.addEventListener('abort', () => resolve(completionOf('', 'cancelled')));
            })
          : completionOf('\ntwo();\nthree();\n'),
    );
    const inline = new InlineCompletions(completer);
    const { suggestions, record } = await takenIn(inline, { isExplicit: false });
    assert.equal(record.outcome, 'computed');
    assert.deepEqual(
      suggestions.map((one) => one.text),
      ['\ntwo();'],
    );
    await inline.dispose();
  });

  it('draw others behind one that is taken as far as the next line, too', async () => {
    const completer = new FakeCompleter(({ text: of, offset, sampling }) =>
      completionOf(
        of.slice(0, offset).endsWith('= ')
          ? 'one();'
          : `\n${sampling === undefined ? 'two' : 'three'}();\nfour();\n`,
      ),
    );
    const inline = new InlineCompletions(completer);
    const { suggestions } = await takenIn(inline, { isExplicit: true });
    assert.deepEqual(
      suggestions.map((one) => one.text),
      ['\ntwo();', '\nthree();'],
    );
    await inline.dispose();
  });

  it('keep nothing that was written while another document was', async () => {
    let write: (result: Completion) => void = () => undefined;
    const completer = new FakeCompleter(
      ({ signal }) =>
        new Promise((resolve) => {
          write = resolve;
          signal?.addEventListener('abort', () => resolve(completionOf('', 'cancelled')));
        }),
    );
    const inline = new InlineCompletions(completer);
    const asked = async (): Promise<string | undefined> => {
      const shown = inline.complete(request, never);
      await new Promise((resolve) => setImmediate(resolve));
      inline.typed('file:///b.ts', { path: 'b.ts', line: 1 });
      write(completionOf('one()'));
      return (await shown).record.outcome;
    };
    assert.deepEqual([await asked(), await asked()], ['computed', 'computed']);
    await inline.dispose();
  });

  it('prepare for another place instead of looking ahead, not for the same', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const completer = new FakeCompleter((asked) => {
      signals.push(asked.signal);
      return asked.maxTokens === 1 || asked.requestClass !== 'prepare'
        ? completionOf('one()')
        : new Promise((resolve) => {
            asked.signal?.addEventListener('abort', () => resolve(completionOf('', 'cancelled')));
          });
    });
    const inline = new InlineCompletions(completer);
    await inline.complete({ ...request, isExplicit: false }, never);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(signals.length, 2); // the suggestion, and the one behind it
    const prepare = (path: string, offset: number): Promise<void> =>
      inline.prepare({ path, text: 'x'.repeat(2000), offset }, [], never);
    await prepare('a.ts', request.offset);
    assert.equal(signals.length, 2);
    await prepare('a.ts', 1500);
    assert.deepEqual(
      signals.slice(1).map((signal) => signal?.aborted),
      [true, false],
    );
    await inline.dispose();
  });

  it('look ahead again after that was given up', async () => {
    const completer = new FakeCompleter(({ requestClass }) =>
      requestClass === 'prepare'
        ? Promise.reject(Object.assign(new Error('given up'), { code: 'cancelled' }))
        : completionOf('one()'),
    );
    const inline = new InlineCompletions(completer);
    const ahead = (): number =>
      completer.requests.filter(({ requestClass }) => requestClass === 'prepare').length;
    const once = async (): Promise<void> => {
      await inline.complete({ ...request, isExplicit: false }, never);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await once();
    assert.equal(ahead(), 1);
    await once();
    assert.equal(ahead(), 2);
    await inline.dispose();
  });

  it('let the newest request win, also over one that ends as it is aborted', async () => {
    const ends: ((completion: Completion) => void)[] = [];
    const completer = new FakeCompleter(() => new Promise((resolve) => ends.push(resolve)));
    const inline = new InlineCompletions(completer);
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const older = inline.complete(request, never);
    await turn();
    const typed = `const b = \n${text}`;
    const newer = inline.complete({ ...request, text: typed, offset: typed.length - 1 }, never);
    ends[0]?.(completionOf('late()')); // its last pass was over already
    assert.deepEqual((await older).suggestions, []);
    assert.equal((await older).record.reason, 'cancelled');
    assert.ok((await older).record.timings.totalMs > 0, 'no time is told');
    await turn();
    ends[1]?.(completionOf('new()'));
    assert.deepEqual(
      (await newer).suggestions.map((one) => one.text),
      ['new()'],
    );
    ends.slice(2).forEach((end) => end(completionOf('', 'cancelled')));
    const disposed = inline.dispose();
    await turn();
    ends.slice(2).forEach((end) => end(completionOf('', 'cancelled')));
    await disposed;
  });

  it('guess what one that was cut short had written', async () => {
    const completer = new FakeCompleter(
      ({ signal }) =>
        new Promise((resolve) => {
          const isFirst = completer.requests.length === 1;
          signal?.addEventListener('abort', () => resolve(completionOf('one(tw', 'cancelled')));
          if (!isFirst) resolve(completionOf('e(two);'));
        }),
    );
    const inline = new InlineCompletions(completer);
    const older = inline.complete(request, never);
    await new Promise((resolve) => setImmediate(resolve));
    const typed = 'const a = on\n';
    await inline.complete({ ...request, text: typed, offset: typed.length - 1 }, never);
    await older;
    await inline.dispose();
    assert.deepEqual(
      completer.requests.slice(0, 2).map(({ guess }) => guess),
      [undefined, 'e(tw'],
    );
  });

  it('compute nothing once they are disposed', async () => {
    const completer = new FakeCompleter(() => completionOf('one()'));
    const inline = new InlineCompletions(completer);
    await inline.dispose();
    const { record } = await inline.complete(request, never);
    assert.equal(record.outcome, 'dropped');
    assert.equal(completer.requests.length, 0);
  });
});
