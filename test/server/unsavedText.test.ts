import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chatCountTokens } from '../../server/protocol/chat.js';
import { completionRecent, type CompletionRecord } from '../../server/protocol/completion.js';
import { fillingModel, holeIn } from './checkout.js';
import { Window } from './languageServer.js';
import { OpenDocument } from './openDocument.js';
import { homeWithModel, shopFiles, temporaryRepository } from './setup.js';

const shop = [
  '/** What wrapping costs: nothing for a basket that gets a ribbon. */',
  'export function wrappingCents(totalCents: number): number {',
  '  if ()',
  '    return 0;',
  '  return 250;',
  '}',
  '',
].join('\n');
const ribbons = '// Ribbons for baskets.\nexport const RIBBON_CENTS = 8100;\n';
const written = [
  '',
  '/** Whether a basket gets a ribbon. */',
  'export function deservesSilverRibbon(totalCents: number): boolean {',
  '  return totalCents >= RIBBON_CENTS;',
  '}',
  '',
].join('\n');

/** Two functions, each with a hole, that go by other files. */
const twoHoles = [
  shop,
  '/** How many items a Basket has room for still, of MAX_BASKET_ITEMS. */',
  'export function roomIn(basket: Basket, count: number): number {',
  '  if ()',
  '    return 0;',
  '  return MAX_BASKET_ITEMS - count;',
  '}',
  '',
].join('\n');
/** Nearly as much as is taken of it. */
const longWritten = ['', 'Silver', 'Golden', 'Velvet', 'Paper', 'Cotton']
  .map((kind) => written.replace('Silver', kind))
  .join('');
const garden = '// Tools.\nexport const RAKES = 3;\n';
/** An editor takes so long to hear of a file, and longer. */
const loadedAfterMs = 100;

/** A window on the shop with these files besides, when it can suggest. */
async function openShop(
  files: Record<string, string>,
): Promise<{ root: string; window: Window; open: (path: string) => Promise<OpenDocument> }> {
  const root = await temporaryRepository({ ...shopFiles, ...files });
  const window = await Window.open(root, await homeWithModel(), { model: fillingModel });
  await window.until(() => window.statuses.at(-1)?.state === 'ready');
  const open = (path: string): Promise<OpenDocument> =>
    OpenDocument.open(window.connection, `${window.folder}/${path}`, files[path] ?? '');
  return { root, window, open };
}

/** The latest request. */
async function latestOf(window: Window): Promise<CompletionRecord> {
  const records = await window.connection.sendRequest(completionRecent.name, {});
  const [record] = completionRecent.result.parse(records);
  assert.ok(record !== undefined);
  return record;
}

const pathsOf = ({ sources }: CompletionRecord): string[] => sources.map(({ path }) => path);

describe('inline completions beside files that are not saved @slow', function () {
  this.timeout(240_000);

  it('do not rest on a file only because the editor has loaded it anew', async () => {
    const { root, window, open } = await openShop({
      'src/ribbons.ts': ribbons,
      'src/garden.ts': garden,
      'src/wrapping.ts': shop,
    });
    const wrapping = await open('src/wrapping.ts');
    const other = await open('src/garden.ts');
    const sourcesNow = async (): Promise<string[]> => {
      await wrapping.suggest(holeIn(shop));
      return pathsOf(await latestOf(window));
    };

    const more = 'export const SPADES = 4;\n';
    await writeFile(join(root, 'src/garden.ts'), garden + more);
    await sleep(loadedAfterMs);
    await other.change(garden.length, garden.length, more);
    await sleep(loadedAfterMs); // so soon nobody asks elsewhere
    assert.ok(!(await sourcesNow()).includes('src/garden.ts'));

    await other.change(0, 0, '// Of the garden.\n');
    await writeFile(join(root, 'src/garden.ts'), other.text); // saved at once
    await sleep(loadedAfterMs);
    assert.ok((await sourcesNow()).includes('src/garden.ts'));
    await window.close();
  });

  it('compute it once for two functions of a file', async () => {
    const { window, open } = await openShop({
      'src/ribbons.ts': ribbons,
      'src/wrapping.ts': twoHoles,
    });
    const wrapping = await open('src/wrapping.ts');
    const other = await open('src/ribbons.ts');
    await other.change(ribbons.length, ribbons.length, longWritten);
    const counted = await window.connection.sendRequest(chatCountTokens.name, {
      text: longWritten,
    });
    const { tokens } = chatCountTokens.result.parse(counted);
    assert.ok(tokens > 200, `${tokens}`);

    const recordAt = async (hole: number): Promise<CompletionRecord> => {
      await wrapping.suggest(hole, { isAutomatic: true });
      const record = await latestOf(window);
      assert.ok(record.sources.some(({ isUnsaved }) => isUnsaved === true));
      return record;
    };
    const first = await recordAt(holeIn(twoHoles));
    const second = await recordAt(twoHoles.lastIndexOf('if (') + 'if ('.length);
    console.log(
      `figure: beside ${tokens} unsaved tokens ${first.counters.tokensComputed} are computed, in the next function ${second.counters.tokensComputed}`,
    );
    assert.notDeepEqual(pathsOf(first), pathsOf(second)); // what is stored is another
    assert.ok(first.counters.tokensComputed >= tokens, JSON.stringify(first.counters));
    assert.ok(second.counters.tokensComputed < tokens, JSON.stringify(second.counters));
    await window.close();
  });

  it('know a name that was just written in one, also where one had asked before', async () => {
    const { window, open } = await openShop({
      'src/ribbons.ts': ribbons,
      'src/wrapping.ts': shop,
    });
    const wrapping = await open('src/wrapping.ts');
    const other = await open('src/ribbons.ts');
    const suggested = async (): Promise<string> =>
      (await wrapping.suggest(holeIn(shop))).map(({ text }) => text).join('\n');
    assert.doesNotMatch(await suggested(), /deservesSilverRibbon/u);

    await other.change(ribbons.length, ribbons.length, written);
    const second = await suggested();
    assert.match(second, /deservesSilverRibbon\(totalCents\)/u);
    const [source] = (await latestOf(window)).sources;
    assert.equal(source?.path, 'src/ribbons.ts');
    assert.ok(source.startLine <= 5 && source.endLine >= 5, JSON.stringify(source)); // its name

    // Closed without saving: nobody can use it.
    await other.close();
    const third = await suggested();
    assert.doesNotMatch(third, /deservesSilverRibbon/u);
    const now = pathsOf(await latestOf(window)).sort();
    assert.deepEqual(now, ['src/limits.ts', 'src/ribbons.ts']); // as it is on disk
    await window.close();
  });

  it('know a name that was written before the folder was open', async () => {
    const files = { 'src/ribbons.ts': ribbons, 'src/wrapping.ts': shop };
    const root = await temporaryRepository({ ...shopFiles, ...files });
    const window = await Window.open(root, await homeWithModel(), { model: fillingModel });
    const open = (path: keyof typeof files): Promise<OpenDocument> =>
      OpenDocument.open(window.connection, `${window.folder}/${path}`, files[path]);
    const wrapping = await open('src/wrapping.ts');
    const other = await open('src/ribbons.ts');
    await other.change(ribbons.length, ribbons.length, written);
    await window.until(() => window.statuses.at(-1)?.state === 'ready');
    const [suggestion] = await wrapping.suggest(holeIn(shop));
    assert.match(suggestion?.text ?? '', /deservesSilverRibbon/u);
    await window.close();
  });
});
