import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatView } from '../../extension/shared/messages.js';
import { viewStrings } from '../../extension/shared/strings.js';
import { commitAll, shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { until } from './until.js';
import { useWindow } from './window.js';

describe('code between editor and chat in VS Code @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let chat: ChatPage;
  let folder: string;

  useWindow(
    async () => {
      folder = await temporaryRepository(shopFiles);
      commitAll(folder);
      return { folder, settings: { 'leoam.chat.maxTokens': 60 } };
    },
    (opened) => ({ host, chat } = opened),
  );

  it('puts the selection beside the question, with its tokens, and takes it away again', async () => {
    await host.openFile('src/limits.ts');
    await host.page.keyboard.press('Control+A');
    await host.command('LeoAM: Add to Chat');
    const chips = chat.view.locator('.composer .chips li');
    await until('the chip has its tokens', async () =>
      /limits\.ts:1-\d[^]*tokens/u.test((await chips.first().textContent()) ?? ''),
    );
    await host.screenshot('selection');
    await chips.first().getByRole('button').click();
    await until('the chip is gone', async () => (await chips.count()) === 0);
  });

  it('finds a file behind an "@"', async () => {
    await chat.box.click();
    await chat.box.pressSequentially('What is in @bask', { delay: 30 });
    const option = chat.view.getByRole('option').first();
    await option.waitFor();
    assert.match((await option.textContent()) ?? '', /basket\.ts/u);
    await host.screenshot('mention');
    await chat.box.press('Enter');
    const chip = chat.view.locator('.composer .chips li').first();
    await chip.waitFor();
    assert.match((await chip.textContent()) ?? '', /basket\.ts/u);
    assert.equal((await chat.box.inputValue()).trim(), 'What is in');
    await chat.box.press('Enter');
    const turn = chat.turn(0);
    await turn.waitForAnswer();
    assert.ok((await turn.sources()).some(({ path }) => path === 'src/basket.ts'));
  });

  it('explains what is selected', async () => {
    await host.openFile('src/basket.ts');
    await host.page.keyboard.press('Control+A');
    await host.command('LeoAM: Explain');
    const turn = chat.turn(1);
    await turn.waitForAnswer();
    assert.match(await turn.root.innerText(), /basket\.ts/u);
  });

  it('shows code of an answer as a diff, and writes it only when that is accepted', async () => {
    const file = join(folder, 'src', 'limits.ts');
    const before = await readFile(file, 'utf8');
    await propose();
    await host.command('LeoAM: Discard the Proposal');
    await until('the diff is closed', async () => (await diffTabs()) === 0);
    assert.equal(await readFile(file, 'utf8'), before);

    await propose();
    await host.screenshot('proposal');
    await host.command('LeoAM: Accept the Proposal');
    await until('the diff is closed', async () => (await diffTabs()) === 0);
    await host.page.keyboard.press('Control+S');
    const wanted = before.replace('return totalCents >= FREE', 'return totalCents > FREE');
    await until('the file is written', async () => (await readFile(file, 'utf8')) === wanted);
  });

  it('rewrites selected lines to an instruction, and writes nothing by itself', async () => {
    const file = join(folder, 'src', 'basket.ts');
    const before = await readFile(file, 'utf8');
    await host.openFile('src/basket.ts');
    await host.page.keyboard.press('Control+A');
    await host.command('LeoAM: Edit with LeoAM');
    const input = host.page.locator('.quick-input-widget input');
    await input.fill('Rename items to things.');
    await host.page.keyboard.press('Enter');
    // What a small model makes of it may be the same lines again, or too many: then it says so.
    const toasts = host.page.locator('.notification-toast').filter({
      hasText: /already is like that|would be too long/u,
    });
    await until(
      'there is a diff or a reason why not',
      async () => (await diffTabs()) > 0 || (await toasts.count()) > 0,
      120_000,
    );
    await host.screenshot('edit');
    if ((await diffTabs()) > 0) {
      await host.command('LeoAM: Discard the Proposal');
    }
    assert.equal(await readFile(file, 'utf8'), before);
  });

  it('greys out a citation whose lines have changed', async () => {
    await chat.newChat();
    await chat.waitForTurns(0);
    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitForAnswer();
    const [source] = await turn.sources();
    assert.ok(source);
    await writeFile(join(folder, source.path), '// Nothing of it is left.\n');
    await until('the citation is greyed out', async () => {
      const name = await turn.sourceButtons.first().getAttribute('aria-label');
      return name?.includes(viewStrings.changedSince) === true;
    });
  });

  it('words a commit message for what has changed', async () => {
    await host.command('LeoAM: Write a Commit Message');
    await host.page.keyboard.press('Control+Shift+G');
    await host.page.keyboard.press('G');
    const input = host.page.locator('.scm-editor .view-lines').first();
    await until('there is a message', async () => {
      return ((await input.textContent()) ?? '').trim().length > 0;
    });
  });

  /** The view shows an answer with a new version of a function; its button compares it. */
  async function propose(): Promise<void> {
    await host.openFile('src/limits.ts');
    await chat.receive({ type: 'chat', chat: answerWithCode });
    await chat.waitForTurns(1);
    await chat.turn(0).button(viewStrings.apply).click();
    await until('the diff is shown', async () => (await diffTabs()) === 1);
  }

  function diffTabs(): Promise<number> {
    return host.page.locator('.tab', { hasText: 'proposed by LeoAM' }).count();
  }
});

const answerWithCode: ChatView = {
  id: 'with-code',
  title: 'Free shipping',
  turns: [
    {
      id: '1',
      question: 'Make shipping free only above the limit.',
      chips: [],
      state: 'done',
      answer: [
        '```ts',
        'export function isFreeShipping(totalCents: number): boolean {',
        '  return totalCents > FREE_SHIPPING_CENTS;',
        '}',
        '```',
      ].join('\n'),
      sources: [],
      warnings: [],
      canContinue: false,
    },
  ],
};
