import assert from 'node:assert/strict';
import { viewStrings } from '../../extension/shared/strings.js';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { useWindow } from './window.js';

describe('a first question to the default model in VS Code @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let chat: ChatPage;

  useWindow(
    async ({ defaultModel }) => {
      const folder = await temporaryRepository(shopFiles);
      return { folder, settings: { 'leoam.modelPath': defaultModel } };
    },
    (opened) => ({ host, chat } = opened),
  );

  it('is answered rightly, and its citation opens the line that says so', async () => {
    const turn = await chat.ask('What is the value of MAX_BASKET_ITEMS?');
    await turn.waitForAnswer();
    assert.match(await turn.answer(), /37/u);
    const sources = await turn.sources();
    const index = sources.findIndex(({ path }) => path === 'src/limits.ts');
    assert.ok(index >= 0, JSON.stringify(sources));
    await turn.sourceButtons.nth(index).click();
    await host.page.locator('.tab.active[data-resource-name="limits.ts"]').waitFor();
    await turn.foldOut.getByText(viewStrings.lookedAt).click();
    await host.screenshot('first-question');
  });
});
