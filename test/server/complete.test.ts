import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAssistant, openRepositoryFor, type Assistant } from '../../server/assistant.js';
import { approximations } from '../../server/completion/approximations.js';
import { Completer, type Completion } from '../../server/completion/completer.js';
import { indexRepository } from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { checkoutPath, checkoutText, fillingModel, helperLines, holeIn } from './checkout.js';
import {
  homeWithModel,
  leoam,
  leoamJson,
  shopFiles,
  smallModel,
  temporaryFolder,
  temporaryRepository,
} from './setup.js';

const path = checkoutPath;
const text = checkoutText();
const cursor = holeIn(text);
const longPath = 'src/prices.ts';
const labelPath = 'src/label.ts';
const labelText = [
  "import { isFreeShipping } from './limits.js';",
  '',
  'export function shippingLabel(totalCents: number): string {',
  '  if (!) {',
  "    return 'not free';",
  '  }',
  "  return 'free';",
  '}',
  '',
].join('\n');
/** Has no word of what is around the cursor. */
const farPath = 'src/zebra.ts';
const farText = '/** Stripes. */\nexport const zebra = { legs: 4 };\n';
const longText = helperLines.join('\n');
/** What it imports is no file of the repository, and stands far above the cursor. */
const postPath = 'src/post.ts';
const postText = [
  "import { sendPostcardToSanta } from 'north-pole';",
  '',
  ...Array.from(
    { length: 90 },
    (_, i) => `export const price${i} = (n: number) => ${i} * n + ${i % 7};`,
  ),
  '',
  'export function wish(text: string): void {',
  '  send(text);',
  '}',
  '',
].join('\n');

describe('filling in at a cursor @slow', function () {
  this.timeout(240_000);
  let root: string;
  let home: string;
  let assistant: Assistant;
  let repository: RepositoryIndex;
  let completer: Completer;

  before(async () => {
    root = await temporaryRepository({
      ...shopFiles,
      [path]: text,
      [longPath]: longText,
      [farPath]: farText,
      [labelPath]: labelText,
      [postPath]: postText,
    });
    home = await temporaryFolder('home');
    assistant = await openAssistant({ home, model: fillingModel });
    repository = await openRepositoryFor(assistant, root);
    await indexRepository({ index: repository, engine: assistant.engine.native });
  });

  beforeEach(() => {
    completer = new Completer({ ...assistant, repository });
  });

  afterEach(() => completer.dispose());

  after(async () => {
    await repository.close();
    await assistant.dispose();
  });

  /** At the cursor, after something was typed there. */
  const complete = (
    typed = '',
    options: Partial<Parameters<Completer['complete']>[0]> = {},
  ): Promise<Completion> =>
    completer.complete({
      path,
      text: text.slice(0, cursor) + typed + text.slice(cursor),
      offset: cursor + typed.length,
      approximations: approximations('leoam'),
      stop: ['\n'],
      maxTokens: 16,
      ...options,
    });

  it('takes definitions of other files from the store, and nothing of the file itself', async () => {
    const { sources, counters, completion } = await complete();
    assert.ok(sources.some((source) => source.path === 'src/limits.ts'));
    assert.ok(!sources.some((source) => source.path === path));
    assert.ok(counters.bytesFromDisk > 0);
    assert.ok(!completion.includes('\n'));
  });

  it('is unlikely where its few tokens are, as where many are', async () => {
    for (const maxTokens of [2, 16]) {
      const sure = await complete('', { maxTokens, minMeanLogProbability: -100 });
      assert.notEqual(sure.reason, 'unlikely');
      const unsure = await complete('', { maxTokens, minMeanLogProbability: -1e-9 });
      assert.equal(unsure.reason, 'unlikely');
      assert.ok(unsure.counters.tokensDecoded <= 4, `${unsure.counters.tokensDecoded}`);
    }
  });

  it('computes what is typed and two marks, and moves what stands behind the cursor', async () => {
    const first = await complete();
    const typed = await complete('isFree(to');
    assert.ok(typed.counters.tokensMoved > 0);
    assert.ok(typed.counters.tokensComputed <= 5, `${typed.counters.tokensComputed}`);
    assert.equal(typed.counters.bytesFromDisk, 0);
    const deleted = await complete('is');
    assert.ok(deleted.counters.tokensMoved > 0);
    assert.ok(deleted.counters.tokensComputed <= 4, `${deleted.counters.tokensComputed}`);
    assert.ok(first.counters.tokensComputed > 20);
  });

  it('computes one mark less where the one in front of what is moved moves with it', async () => {
    const moved = [];
    for (const behind of ['moved', 'withMark'] as const) {
      completer.reset();
      const asked = { approximations: approximations('leoam', { behind }) };
      await complete('', asked);
      moved.push((await complete('isFree(to', asked)).counters);
    }
    const [usual, withMark] = moved;
    assert.ok(usual !== undefined && withMark !== undefined);
    assert.equal(withMark.tokensComputed, usual.tokensComputed - 1);
    assert.equal(withMark.tokensMoved, usual.tokensMoved + 1);
  });

  it('finds the rest of a name however much of it is typed, and computes nothing for its letters', async () => {
    const name = 'isFreeShipping';
    for (let typed = 2; typed < name.length; typed++) {
      const { completion, counters } = await complete(name.slice(0, typed));
      assert.ok(completion.startsWith(name.slice(typed)), `${name.slice(0, typed)}‸${completion}`);
      assert.ok(typed === 2 || counters.tokensComputed <= 2, `${counters.tokensComputed}`);
    }
    // As tokens of their own, these letters mislead it.
    const split = { approximations: approximations('leoam', { healing: 'off' }) };
    const wrong: string[] = [];
    for (let typed = 2; typed < name.length; typed++) {
      const { completion } = await complete(name.slice(0, typed), split);
      wrong.push(...(completion.startsWith(name.slice(typed)) ? [] : [completion]));
    }
    assert.ok(wrong.length > 0);
  });

  it('takes what the editor knows of other files: definitions, and where one wrote lately', async () => {
    const sources = async (): Promise<string[]> =>
      (await complete()).sources.map((source) => source.path);
    assert.ok(!(await sources()).includes(farPath));
    completer.defined({ path, text, offset: cursor }, [{ name: 'zebra', path: farPath, line: 2 }]);
    assert.ok((await sources()).includes(farPath));
    const { counters } = await complete();
    assert.ok(counters.tokensComputed < 8, `${counters.tokensComputed}`);

    completer.reset();
    completer.defined({ path, text, offset: cursor }, []);
    completer.wrote({ path: farPath, line: 2 });
    assert.ok((await sources()).includes(farPath));
  });

  it('computes little where the cursor goes elsewhere in the file', async () => {
    const last = longText.lastIndexOf('return ') + 'return '.length;
    const edited = `${longText.slice(0, last)}0 + ${longText.slice(last)}`;
    for (const [at, most] of [
      [last + 4, 150],
      [longText.indexOf('const cents', 900), 120],
      [longText.indexOf('const cents', 300), 120],
      [last + 4, 120],
    ] as const) {
      const { counters } = await complete('', { path: longPath, text: edited, offset: at });
      const { tokensComputed, tokensReused } = counters;
      assert.ok(tokensComputed <= most, `${tokensComputed} at ${at}`);
      assert.ok(tokensReused > 200, `${tokensReused} at ${at}`);
    }
  });

  it('knows from the store what the file imports far above the cursor', async () => {
    const offset = postText.indexOf('send(text)') + 'send'.length;
    const answers = [];
    for (const imports of ['on', 'off'] as const) {
      completer.reset();
      const asked = { path: postPath, text: postText, offset };
      answers.push(
        await complete('', { ...asked, approximations: approximations('leoam', { imports }) }),
      );
    }
    const [seen, unseen] = answers;
    assert.ok(seen !== undefined && unseen !== undefined);
    assert.ok(seen.completion.startsWith('PostcardToSanta'), seen.completion);
    assert.ok(!unseen.completion.includes('Santa'), unseen.completion);
    assert.equal(seen.counters.tokensComputed, unseen.counters.tokensComputed);
    assert.ok(seen.counters.tokensReused > unseen.counters.tokensReused);
  });

  it('moves nothing where it must be exact, and takes no other file where it may not', async () => {
    await complete('', { approximations: approximations('exact') });
    const exact = await complete('is', { approximations: approximations('exact') });
    assert.equal(exact.counters.tokensMoved, 0);
    assert.equal(exact.counters.bytesFromDisk, 0);
    assert.ok(exact.sources.length > 0);
    const alone = await complete('is', { approximations: approximations('file') });
    assert.deepEqual(alone.sources, []);
    assert.equal(alone.counters.workingSetTokens, 0);
  });

  it('tells what it had written when it was cut short, which is then guessed right', async () => {
    const whole = await complete();
    const cutting = new AbortController();
    const cut = await complete('', {
      signal: cutting.signal,
      isComplete: () => {
        cutting.abort();
        return false;
      },
    });
    assert.equal(cut.reason, 'cancelled');
    assert.ok(cut.completion !== '' && whole.completion.startsWith(cut.completion));
    const guessed = await complete('', { guess: cut.completion });
    assert.equal(guessed.completion, whole.completion);
    assert.ok(guessed.counters.tokensAccepted > 0, JSON.stringify([guessed.counters, cut, whole]));
  });

  it('goes on writing over several lines when it may', async () => {
    const start = text.indexOf('  if (');
    const many = await completer.complete({
      path,
      text: text.slice(0, start) + text.slice(text.indexOf('}')),
      offset: start,
      approximations: approximations('leoam'),
      stop: [],
      maxTokens: 40,
    });
    assert.ok(many.completion.includes('\n'), many.completion);
  });

  it('fills in from the terminal, once and in a batch', async () => {
    const args = ['--repo', root, '--model', fillingModel];
    const offset = String(Buffer.byteLength(text.slice(0, cursor)));
    const one = await leoamJson<Completion & { model: string; replacedBytes: number }>(
      ['complete', path, '--offset', offset, ...args],
      home,
    );
    assert.ok(one.sources.length > 0);
    const sameFile = `./src/../${path}`; // and not a file that it could know names from
    const same = await leoamJson<Completion>(
      ['complete', sameFile, '--offset', offset, ...args],
      home,
    );
    assert.deepEqual([same.sources, same.completion], [one.sources, one.completion]);
    const behind = text.slice(cursor + one.replacedBytes); // these are letters of one byte
    const [line = ''] = (text.slice(0, cursor) + one.completion + behind)
      .slice(cursor - 4)
      .split('\n');
    assert.equal(line.split('(').length, line.split(')').length, line);
    const { counters, timings } = one;
    assert.ok(counters.tokensComputed > 0 && counters.bytesFromDisk > 0, JSON.stringify(counters));
    assert.ok(timings.ttftMs > 0 && timings.ttftMs <= timings.totalMs, JSON.stringify(timings));
    const holes = join(await temporaryFolder('holes'), 'holes.jsonl');
    const expected = 'isFreeShipping(totalCents)';
    const hole = { path: 'src/limits.ts', startByte: 0, endByte: 10, expected };
    const at = labelText.indexOf('!)') + 1;
    const inLine = { path: labelPath, startByte: at, endByte: at, expected };
    await writeFile(holes, `${JSON.stringify(hole)}\n${JSON.stringify(inLine)}\n`);
    const batch = await leoamJson<{
      n: number;
      exact: number;
      rows: { completion: string; goldNll: number }[];
    }>(['complete', '--batch', holes, '--max-tokens', '12', ...args], home);
    assert.equal(batch.n, 2);
    assert.equal(batch.rows.length, 2);
    // Without the rest of the line, which the model writes once more.
    assert.equal(batch.rows[1]?.completion, expected);
    assert.equal(batch.exact, 1);
    // How likely what is expected is: what it writes itself is, that in a comment's midst is not.
    const [odd = 0, likely = 0] = batch.rows.map(({ goldNll }) => goldNll);
    assert.ok(likely > 0 && likely < 0.7 && odd > 2 * likely, `${odd}, ${likely}`);
  });

  it('says what is wrong with an offset, a file or a model', async () => {
    const args = ['--repo', root, '--model', fillingModel];
    const far = await leoam(['complete', path, '--offset', '100000', ...args], { home });
    assert.equal(far.code, 1);
    assert.match(far.stderr, /Byte 100000 of src\/checkout\.ts is not the start of a character/u);
    const outside = await leoam(['complete', '/etc/passwd', '--offset', '0', ...args], { home });
    assert.equal(outside.code, 2);
    assert.match(outside.stderr, /does not lie in/u);
    const unfit = await leoam(
      ['complete', path, '--offset', '0', '--repo', root, '--model', smallModel],
      { home: await homeWithModel() },
    );
    assert.equal(unfit.code, 1);
    assert.match(unfit.stderr, /not made to fill in the middle/u);
  });
});
