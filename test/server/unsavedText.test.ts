import assert from 'node:assert/strict';
import { completionRecent } from '../../server/protocol/completion.js';
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

describe('inline completions beside files that are not saved @slow', function () {
  this.timeout(240_000);

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
    assert.doesNotMatch(await suggested(), /deservesSilverRibbon/u);

    await other.change(ribbons.length, ribbons.length, written);
    const second = await suggested();
    const records = completionRecent.result.parse(
      await window.connection.sendRequest(completionRecent.name, {}),
    );
    assert.match(second, /deservesSilverRibbon\(totalCents\)/u);
    const [source] = records[0]?.sources ?? [];
    assert.equal(source?.path, 'src/ribbons.ts');
    assert.ok(source.startLine <= 5 && source.endLine >= 5, JSON.stringify(source)); // its name

    // Closed without saving: nobody can use it.
    await other.close();
    await wrapping.change(0, 0, "import { readFile } from 'node:fs/promises';\n");
    const at = holeIn(wrapping.text);
    const third = (await wrapping.suggest(at)).map(({ text }) => text).join('\n');
    assert.doesNotMatch(third, /deservesSilverRibbon/u);
    await window.close();
  });
});
