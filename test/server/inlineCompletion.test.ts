import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import {
  completionPrepare,
  completionRecent,
  type CompletionRecord,
} from '../../server/protocol/completion.js';
import { checkoutPath, checkoutText, fillingModel, helperLines, holeIn } from './checkout.js';
import { Window } from './languageServer.js';
import { OpenDocument, within, type Suggested } from './openDocument.js';
import { homeWithModel, shopFiles, temporaryFolder, temporaryRepository } from './setup.js';

const path = checkoutPath;
const text = checkoutText(helperLines);
const cursor = holeIn(text);

describe('inline completions of the language server @slow', function () {
  this.timeout(240_000);
  let root: string;
  let home: string;
  let window: Window;

  before(async () => {
    root = await temporaryRepository({
      ...shopFiles,
      [path]: text,
      '.gitignore': 'made/\n',
      'made/list.ts': text,
      'src/begun.ts': '',
    });
    home = await temporaryFolder('home');
  });

  beforeEach(async () => {
    window = await Window.open(root, home, { model: fillingModel });
    await window.until(() => window.statuses.at(-1)?.state === 'ready');
  });

  afterEach(() => window.close());

  const open = (content = text, of = path): Promise<OpenDocument> =>
    OpenDocument.open(window.connection, `${window.folder}/${of}`, content);

  const recent = async (): Promise<CompletionRecord[]> =>
    completionRecent.result.parse(await window.connection.sendRequest(completionRecent.name, {}));

  const latest = async (): Promise<CompletionRecord> => {
    const [record] = await recent();
    assert.ok(record !== undefined);
    return record;
  };

  /** The first one; there has to be one. */
  const only = (found: readonly Suggested[]): Suggested => {
    const [first] = found;
    assert.ok(first !== undefined, 'nothing is suggested');
    return first;
  };

  /** A key that is not what any suggestion would have. */
  const otherKey = (found: readonly Suggested[]): string =>
    ['t', 'F', 'M', 'x'].find((key) => !found.some((one) => one.text.startsWith(key))) ?? 'z';

  it('suggest a name that another file defines, and tell what they were made of', async () => {
    const document = await open();
    const { text: suggested, start, end } = only(await document.suggest(cursor));
    assert.match(suggested, /isFreeShipping|FREE_SHIPPING_CENTS/u);
    assert.equal(start, cursor);
    assert.ok(end >= cursor && end <= text.indexOf('\n', cursor));
    const record = await latest();
    assert.equal(record.outcome, 'computed');
    assert.equal(record.uri, document.uri);
    assert.equal(record.line, text.slice(0, cursor).split('\n').length);
    assert.equal(record.text, suggested);
    assert.ok(record.sources.some((source) => source.path === 'src/limits.ts'));
    assert.ok(!record.sources.some((source) => source.path === path));
  });

  it('list what became of the requests, the newest first', async () => {
    const document = await open();
    await document.suggest(text.indexOf('export') + 2);
    await document.suggest(cursor);
    await document.suggest(text.indexOf('return') + 2);
    const records = await recent();
    assert.deepEqual(
      records.map(({ outcome, reason }) => reason ?? outcome),
      ['insideWord', 'computed', 'insideWord'],
    );
    assert.deepEqual(
      records.map(({ id }) => id),
      [3, 2, 1],
    );
    const [third, second, first] = records;
    assert.ok(first!.time <= second!.time && second!.time <= third!.time);
  });

  it('compute a typed character alone, and reuse or move the rest', async () => {
    const document = await open();
    const first = await document.suggest(cursor);
    const before = await latest();
    assert.ok(before.counters.tokensComputed > 20, `${before.counters.tokensComputed}`);
    await document.change(cursor, cursor, otherKey(first));
    await document.suggest(cursor + 1);
    const letter = await latest();
    // Letters are taken out of the prompt, which stays what it was; a mark is not, and what stands
    // behind it has another place.
    await document.change(cursor + 1, cursor + 1, '(');
    await document.suggest(cursor + 2);
    const bracket = await latest();
    for (const { counters, outcome } of [letter, bracket]) {
      assert.notEqual(outcome, 'kept');
      assert.ok(counters.tokensComputed < 16, `${counters.tokensComputed}`);
      assert.ok(counters.tokensReused > 300, `${counters.tokensReused}`);
      assert.equal(counters.bytesFromDisk, 0);
    }
    assert.ok(bracket.counters.tokensMoved > 0);
  });

  it('are kept while one types through them, and come back when one deletes', async () => {
    const document = await open();
    const { text: suggested } = only(await document.suggest(cursor));
    assert.ok(suggested.length > 4, suggested);
    for (let typed = 1; typed <= 3; typed++) {
      const at = cursor + typed - 1;
      await document.change(at, at, suggested[typed - 1] ?? '');
      const rest = only(await document.suggest(cursor + typed, { isAutomatic: true }));
      assert.equal(rest.text, suggested.slice(typed));
      assert.equal(rest.start, cursor + typed);
      const record = await latest();
      assert.equal(record.outcome, 'kept');
      assert.equal(record.counters.tokensComputed, 0);
      assert.equal(record.counters.tokensDecoded, 0);
    }
    await document.change(cursor + 1, cursor + 3, '');
    assert.equal(only(await document.suggest(cursor + 1)).text, suggested.slice(1));
    assert.equal((await latest()).outcome, 'kept');
  });

  it('begin with the one that was seen when they are asked for again, each another', async () => {
    const document = await open();
    const seen = only(await document.suggest(cursor));
    const again = await document.suggest(cursor);
    assert.deepEqual(only(again), seen);
    assert.equal(new Set(again.map((one) => one.text)).size, again.length);
    const { outcome, counters } = await latest();
    assert.equal(outcome, 'kept');
    // What was drawn besides.
    assert.ok(counters.tokensDecoded > 0 && counters.tokensReused > 300, JSON.stringify(counters));
  });

  it('compute little where the cursor has rested before', async () => {
    const document = await open();
    const prepare = { uri: `${window.folder}/${path}`, position: document.placeOf(cursor) };
    await window.connection.sendRequest(completionPrepare.name, prepare);
    await document.suggest(cursor);
    const { counters, prepared } = await latest();
    assert.ok((prepared?.tokensComputed ?? 0) > 20, JSON.stringify(prepared));
    assert.ok(counters.tokensComputed <= 4, `${counters.tokensComputed}`);
    assert.ok(counters.tokensReused > 300, `${counters.tokensReused}`);
    assert.equal(counters.bytesFromDisk, 0);
  });

  it('compute little after a line was put in above', async () => {
    const document = await open();
    const key = otherKey(await document.suggest(cursor));
    await document.change(cursor, cursor, key);
    await document.suggest(cursor + 1); // the file has been looked at more than once
    const above = text.indexOf('export function figs');
    const line = '// Ripe ones only.\n';
    await document.change(above, above, line);
    await document.suggest(cursor + 1 + line.length);
    const { counters, outcome, reason } = await latest();
    assert.notEqual(reason ?? outcome, 'kept');
    // The stored chunk with the new line, and what stands between the last one and the cursor.
    assert.ok(counters.tokensComputed < 128, `${counters.tokensComputed}`);
    assert.ok(counters.tokensReused > 300, `${counters.tokensReused}`);
  });

  it('of a text that changes before they come are dropped, and the next ones fit', async () => {
    const document = await open();
    const asked = document.suggest(cursor);
    await document.change(cursor, cursor, 'is');
    assert.deepEqual(await within(30_000, asked, 'a request'), []);
    const dropped = await latest();
    assert.equal(dropped.outcome, 'dropped');
    assert.equal(dropped.reason, 'cancelled');
    const next = only(await document.suggest(cursor + 2));
    assert.match(next.text, /^FreeShipping/u);
    assert.equal(next.start, cursor + 2);
  });

  it('are dropped where they are cancelled, and the next one comes', async () => {
    const document = await open();
    for (const afterMs of [0, 40, 200]) {
      const source = new CancellationTokenSource();
      const asked = document.suggest(cursor, { token: source.token });
      const isOver = await Promise.race([asked.then(() => true), sleep(afterMs, false)]);
      if (isOver) {
        continue; // a fast machine; the first time there is no time for that
      }
      source.cancel();
      const cancelled = performance.now();
      assert.deepEqual(await within(30_000, asked, 'a cancelled request'), []);
      const ms = performance.now() - cancelled;
      console.log(`figure: a suggestion ends ${Math.round(ms)} ms after it was cancelled`);
      assert.equal((await latest()).reason, 'cancelled');
    }
    assert.notDeepEqual(await document.suggest(cursor), []);
  });

  it('come for the newest of several requests only', async () => {
    const document = await open();
    const places = [1, 2, 3].map((n) => text.indexOf(';\n', n * 300) + 1);
    const results = await Promise.all(
      [...places, cursor].map((offset) => document.suggest(offset)),
    );
    assert.deepEqual(results.slice(0, 3), [[], [], []]);
    assert.equal(only(results[3] ?? []).start, cursor);
    const records = await recent();
    const reasons = records.map(({ outcome, reason }) => reason ?? outcome).sort();
    assert.deepEqual(reasons, ['cancelled', 'cancelled', 'cancelled', 'computed']);
  });

  it('come while an answer streams, which goes on to its end', async () => {
    const document = await open();
    await document.suggest(cursor); // and what stands behind it begins to be computed
    const asked = window.ask('Explain each file of this repository.', { maxTokens: 150 });
    let isDone = false;
    void asked.then(() => (isDone = true));
    const pieces = (): number =>
      window.streamed.filter(({ event }) => event.type === 'text').length;
    await window.until(() => pieces() > 3);
    // Neither what was under way as the answer began nor what waits behind it holds these up.
    await document.change(cursor, cursor, 'is');
    const places = [2, 1].map((n) => text.indexOf(';\n', n * 300) + 1);
    for (const at of [cursor + 2, ...places]) {
      const asking = document.suggest(at, { isAutomatic: true });
      const found = await within(30_000, asking, 'a suggestion');
      assert.ok(at !== cursor + 2 || only(found).text.startsWith('Free'), JSON.stringify(found));
      const { outcome, timings } = await latest();
      const { queuedMs, ttftMs } = timings;
      assert.ok(queuedMs > 0 === (outcome !== 'kept') && queuedMs <= ttftMs, `${queuedMs} ms`);
      console.log(
        `figure: first text beside an answer after ${Math.round(ttftMs)} ms, ${Math.round(queuedMs)} of them until it gave way`,
      );
    }
    assert.ok(!isDone, 'the answer had ended before the suggestions came');
    const answer = await asked;
    assert.notEqual(answer.reason, 'cancelled');
    const streamed = window.streamed.map(({ event }) => (event.type === 'text' ? event.text : ''));
    assert.equal(streamed.join('').trim(), answer.answer);
  });

  it('end all lines as the document does', async () => {
    const lines = text.replaceAll('\n', '\r\n');
    const at = lines.indexOf('  if (');
    const asked = `${lines.slice(0, at)}  \r\n}\r\n`;
    const document = await open(asked);
    const found = await document.suggest(at + 2);
    only(found);
    for (const one of found) {
      assert.doesNotMatch(one.text, /(?<!\r)\n|\r(?!\n)/u, JSON.stringify(one.text));
      assert.ok(asked[one.end - 1] !== '\r', 'a line end is cut in two');
    }
  });

  it('begin with what is selected in the list of suggestions, and replace its range', async () => {
    const typed = `${text.slice(0, cursor)}isF${text.slice(cursor)}`;
    const document = await open(typed);
    const selected = { start: cursor, end: cursor + 3, text: 'isFreeShipping' };
    const suggested = only(await document.suggest(cursor + 3, { selected }));
    assert.ok(suggested.text.startsWith('isFreeShipping'), suggested.text);
    assert.match(suggested.text, /^isFreeShipping\(/u);
    assert.equal(suggested.start, cursor);
    assert.ok(suggested.end >= cursor + 3);
  });

  it('say why there are none: outside of folders, in a left out file, within a word', async () => {
    const outside = join(await temporaryFolder('outside'), 'a.ts');
    const foreign = await OpenDocument.open(window.connection, `file://${outside}`, text);
    assert.deepEqual(await foreign.suggest(cursor), []);
    assert.equal((await latest()).reason, 'outsideFolder');

    const left = await open(text, 'made/list.ts');
    assert.deepEqual(await left.suggest(cursor), []);
    assert.equal((await latest()).reason, 'excludedFile');

    const document = await open();
    assert.deepEqual(await document.suggest(text.indexOf('shippingCents') + 4), []);
    assert.equal((await latest()).reason, 'insideWord');
  });

  it('come for a file that is new and empty on disk, or not there', async () => {
    const start = [
      "import { isFreeShipping } from './limits.js';",
      '',
      'export function isGift(totalCents: number): boolean {',
      '  return isFree',
    ].join('\n');
    for (const name of ['src/begun.ts', 'src/brandNew.ts']) {
      const document = await open(`${start}\n}\n`, name);
      const suggested = only(await document.suggest(start.length));
      assert.match(suggested.text, /^Shipping/u, name);
      assert.equal(suggested.start, start.length);
    }
  });

  it('of a model that was not made for it are none, and it says so', async () => {
    const other = await Window.open(root, await homeWithModel());
    try {
      await other.until(() => (other.statuses.at(-1)?.folders.length ?? 0) > 0);
      const uri = `${other.folder}/${path}`;
      const document = await OpenDocument.open(other.connection, uri, text);
      assert.deepEqual(await document.suggest(cursor), []);
      const records = await other.connection.sendRequest(completionRecent.name, {});
      const [record] = completionRecent.result.parse(records);
      assert.equal(record?.reason, 'unfitModel');
      assert.equal(other.statuses.at(-1)?.canFillIn, false);
      assert.equal(window.statuses.at(-1)?.canFillIn, true);
    } finally {
      await other.close();
    }
  });
});
