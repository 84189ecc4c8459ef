import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

const garden = '// Tools.\nexport const RAKES = 3;\n';
/** An editor takes so long to hear of a file, and longer. */
const loadedAfterMs = 100;

describe('inline completions beside files that are not saved @slow', function () {
  this.timeout(240_000);

  it('do not rest on a file only because the editor has loaded it anew', async () => {
    const root = await temporaryRepository({
      ...shopFiles,
      'src/ribbons.ts': ribbons,
      'src/garden.ts': garden,
      'src/wrapping.ts': shop,
    });
    const window = await Window.open(root, await homeWithModel(), { model: fillingModel });
    await window.until(() => window.statuses.at(-1)?.state === 'ready');
    const open = (path: string, text: string): Promise<OpenDocument> =>
      OpenDocument.open(window.connection, `${window.folder}/${path}`, text);
    const wrapping = await open('src/wrapping.ts', shop);
    const other = await open('src/garden.ts', garden);
    const sourcesNow = async (): Promise<string[]> => {
      await wrapping.suggest(holeIn(shop));
      const records = await window.connection.sendRequest(completionRecent.name, {});
      const [record] = completionRecent.result.parse(records);
      return (record?.sources ?? []).map((source) => source.path);
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

  it('know a name that was just written in one, also where one had asked before', async () => {
    const root = await temporaryRepository({
      ...shopFiles,
      'src/ribbons.ts': ribbons,
      'src/wrapping.ts': shop,
    });
    const window = await Window.open(root, await homeWithModel(), { model: fillingModel });
    await window.until(() => window.statuses.at(-1)?.state === 'ready');
    const open = (path: string, text: string): Promise<OpenDocument> =>
      OpenDocument.open(window.connection, `${window.folder}/${path}`, text);
    const wrapping = await open('src/wrapping.ts', shop);
    const other = await open('src/ribbons.ts', ribbons);
    const suggested = async (): Promise<string> =>
      (await wrapping.suggest(holeIn(shop))).map(({ text }) => text).join('\n');
    const latest = async (): Promise<CompletionRecord> => {
      const records = await window.connection.sendRequest(completionRecent.name, {});
      const [record] = completionRecent.result.parse(records);
      assert.ok(record !== undefined);
      return record;
    };
    const sourcesOf = async (): Promise<string[]> =>
      (await latest()).sources.map((source) => source.path).sort();
    assert.doesNotMatch(await suggested(), /deservesSilverRibbon/u);

    await other.change(ribbons.length, ribbons.length, written);
    const second = await suggested();
    assert.match(second, /deservesSilverRibbon\(totalCents\)/u);
    const [source] = (await latest()).sources;
    assert.equal(source?.path, 'src/ribbons.ts');
    assert.ok(source.startLine <= 5 && source.endLine >= 5, JSON.stringify(source)); // its name

    // Closed without saving: nobody can use it.
    await other.close();
    const third = await suggested();
    assert.doesNotMatch(third, /deservesSilverRibbon/u);
    assert.deepEqual(await sourcesOf(), ['src/limits.ts', 'src/ribbons.ts']); // as it is on disk
    await window.close();
  });
});
