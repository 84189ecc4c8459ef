import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { viewStrings } from '../../extension/shared/strings.js';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { TurnPage } from './turnPage.js';
import { until } from './until.js';
import { useWindow } from './window.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const german = JSON.parse(
  readFileSync(join(root, 'extension', 'l10n', 'bundle.l10n.de.json'), 'utf8'),
) as Record<string, string>;

describe('a German window @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let chat: ChatPage;

  useWindow(
    async () => ({
      folder: await temporaryRepository(shopFiles),
      language: 'de',
      settings: { 'leoam.chat.maxTokens': 30 },
    }),
    (opened) => ({ host, chat } = opened),
    'window',
  );

  const inGerman = (text: string): string => german[text] ?? assert.fail(`no German for: ${text}`);

  it('has the chat, the status and the menu in German', async () => {
    await chat.openContainer();
    const box = chat.view.getByPlaceholder(inGerman(viewStrings.placeholder));
    await box.waitFor();
    await host.waitForStatus(inGerman('LeoAM: ready'));
    await host.screenshot('german-empty');
    await box.fill('Wie viele Dinge passen in einen Korb?');
    await box.press('Enter');
    const turn = new TurnPage(chat.view.getByRole('article').first());
    await turn.waitForAnswer();
    await turn.foldOut.getByText(inGerman(viewStrings.lookedAt)).click();
    assert.match(await turn.figure(inGerman(viewStrings.firstWord)), /^\d+(,\d+)? s$/u);
    await host.screenshot('german');
    await host.page.locator('.statusbar').getByText(inGerman('LeoAM: ready')).first().click();
    const rows = host.page.locator('.quick-input-list .monaco-list-row');
    await until('the menu is German', async () =>
      (await rows.allTextContents()).some((row) => row.includes(inGerman('Choose a model'))),
    );
    await host.screenshot('german-menu');
  });
});
