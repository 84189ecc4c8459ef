import assert from 'node:assert/strict';
import type { Completion } from '../../../server/completion/completer.js';
import { InlineCompletions, type InlineRequest } from '../../../server/completion/inline.js';
import { completionOf, FakeCompleter } from './fakeCompleter.js';

const text = 'const a = \n';
const request: InlineRequest = {
  ...{ uri: 'file:///a.ts', path: 'a.ts', text, offset: text.length - 1 },
  line: 1,
  languageId: 'typescript',
  isExplicit: true,
};
const never = new AbortController().signal;

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
