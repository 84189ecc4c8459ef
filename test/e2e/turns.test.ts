import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { ChatView } from '../../extension/shared/messages.js';
import { viewStrings } from '../../extension/shared/strings.js';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { until } from './until.js';
import { useWindow } from './window.js';

/** The view says so sooner. */
const restMs = 500;

describe('turns, code and chats in VS Code @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let chat: ChatPage;

  useWindow(
    async () => ({
      folder: await temporaryRepository(shopFiles),
      settings: { 'leoam.chat.maxTokens': 30 },
    }),
    (opened) => ({ host, chat } = opened),
  );

  it('answers a question again in its place', async () => {
    await (await chat.ask('How many items fit into a basket?')).waitForAnswer();
    await chat.turn(0).button(viewStrings.regenerate).click();
    await chat.turn(0).waitFor('waiting', 'streaming');
    await chat.turn(0).waitForAnswer();
    assert.equal(await chat.turnCount(), 1);
    assert.equal(await chat.turn(0).count(viewStrings.computedRepository), 0);
  });

  it('has prepared a question whose writing rested before it is asked', async () => {
    await chat.box.fill('Which constant says when a basket is full?');
    await setTimeout(2 * restMs);
    await chat.box.press('Enter');
    await chat.turn(1).waitForAnswer();
    assert.equal(await chat.turn(1).count(viewStrings.computed), 1);
    assert.equal(await chat.turn(1).count(viewStrings.computedQuestion), 1);
    await chat.turn(1).foldOut.click();
    await host.screenshot('prepared-question');
  });

  it('prepares what was written during an answer when that has ended', async () => {
    const asked = await chat.ask('When is shipping free?');
    await chat.box.fill('In which file is that said, and how?');
    await asked.waitForAnswer();
    await setTimeout(2 * restMs);
    await chat.box.press('Enter');
    await chat.turn(3).waitForAnswer();
    assert.equal(await chat.turn(3).count(viewStrings.computed), 1);
  });

  it('answers a changed question in its place, and forgets what followed', async () => {
    await (await chat.ask('And when is it full?')).waitForAnswer();
    await chat.turn(0).button(viewStrings.edit).click();
    const box = chat.turn(0).root.getByRole('textbox', { name: viewStrings.edit });
    await box.fill('When is shipping free?');
    await box.press('Enter');
    await chat.waitForTurns(1);
    await chat.turn(0).waitForAnswer();
    assert.match(await chat.turn(0).root.innerText(), /When is shipping free\?/u);
  });

  it('puts passages of a folder first that "@" named', async () => {
    await chat.box.click();
    await chat.box.pressSequentially('What is in @src', { delay: 30 });
    const option = chat.view
      .getByRole('option')
      .filter({ hasText: /^src\/?/u })
      .first();
    await option.waitFor();
    await chat.box.press('Enter');
    const chip = chat.view.locator('.composer .chips li').first();
    await chip.waitFor();
    assert.match((await chip.textContent()) ?? '', /src/u);
    await chat.box.press('Enter');
    await chat.turn(1).waitForAnswer();
    const [first] = await chat.turn(1).sources();
    assert.match(first?.path ?? '', /^src\//u);
  });

  it('adds the open editors beside the question', async () => {
    await host.openFile('src/limits.ts');
    await host.openFile('src/basket.ts');
    await chat.button(viewStrings.addOpenEditors).click();
    const chips = chat.view.locator('.composer .chips li');
    await until('there is a chip for each', async () => (await chips.count()) >= 2);
    await host.screenshot('open-editors');
    while ((await chips.count()) > 0) {
      const before = await chips.count();
      await chips.first().getByRole('button').click();
      await until('a chip is gone', async () => (await chips.count()) < before);
    }
  });

  it('inserts code of an answer at the cursor, and opens it as a new file', async () => {
    await host.openFile('README.md');
    await host.page.keyboard.press('Control+End');
    await chat.receive({ type: 'chat', chat: withCode });
    await chat.waitForTurns(1);
    await chat.turn(0).button(viewStrings.insert).click();
    const lines = host.page.locator('.editor-instance .view-lines').first();
    await until('the code is in the file', async () =>
      (await lines.innerText()).replaceAll('\u00a0', ' ').includes('MAX_CAKES = 3'),
    );
    await chat.turn(0).button(viewStrings.newFile).click();
    await host.page.locator('.tab.active', { hasText: /Untitled|MAX_CAKES/u }).waitFor();
    await host.screenshot('inserted-code');
  });

  it('finds chats by their words, and deletes one for good', async () => {
    await chat.newChat();
    await chat.waitForTurns(0);
    await (await chat.ask('Zebra crossing, what is it?')).waitForAnswer();
    await chat.button(viewStrings.chats).click();
    const list = chat.view.getByRole('list', { name: viewStrings.chats });
    await until('both chats are listed', async () => (await list.locator('li').count()) === 2);
    const search = chat.view.getByRole('textbox', { name: viewStrings.searchChats });
    await search.fill('shipping');
    await until('one is found', async () => (await list.locator('li').count()) === 1);
    await list.getByRole('button', { name: new RegExp(`^${viewStrings.deleteChat}`, 'u') }).click();
    await search.fill('');
    await until('one is left', async () => (await list.locator('li').count()) === 1);
    assert.match(await list.innerText(), /Zebra/u);
    await chat.button(viewStrings.back).click();
    await host.reload();
    await chat.openSidebar();
    await chat.button(viewStrings.chats).click();
    await until('one is left', async () => (await list.locator('li').count()) === 1);
  });
});

const withCode: ChatView = {
  id: '5b2c1f6e-3f0a-4a8e-9a55-0d5e6f7a8b9c',
  title: 'Cakes',
  turns: [
    {
      id: '5b2c1f6e-3f0a-4a8e-9a55-0d5e6f7a8b9d',
      question: 'How many cakes?',
      chips: [],
      state: 'done',
      answer: '```ts\nexport const MAX_CAKES = 3;\n```',
      sources: [],
      warnings: [],
      canContinue: false,
    },
  ],
};
