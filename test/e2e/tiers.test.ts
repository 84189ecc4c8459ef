import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { TiersPage } from './tiersPage.js';
import { until } from './until.js';
import { useWindow } from './window.js';

/** Until what is read is seen in the view. */
const readMs = 4_000;

describe('the tiers in VS Code @slow', function () {
  this.timeout(300_000);
  let folder: string;
  let host: CodeHost;
  let chat: ChatPage;
  let tiers: TiersPage;

  useWindow(
    async () => {
      folder = await temporaryRepository(shopFiles);
      return { folder, settings: { 'leoam.chat.maxTokens': 20 } };
    },
    (opened) => {
      ({ host, chat } = opened);
      tiers = new TiersPage(host);
    },
  );

  it('shows what each tier holds, and where each file is', async () => {
    await host.waitForStatus('LeoAM: ready');
    await tiers.open();
    await tiers.enlarge(200);
    assert.equal(await tiers.text('GPU'), 'not used');
    await tiers.waitForText('Disk', /^\d[\d.]* (k|M)B · [1-9]\d* chunks$/u);
    await tiers.waitForText('README.md', /^\d+ kB · \d+ tokens$/u);
    await tiers.row('src').click();
    await tiers.waitForText('limits.ts', /^\d[\d.]* (k|M)B · \d+ tokens$/u);
    await host.screenshot('tiers');
  });

  it('follows a file that another program makes and removes', async () => {
    const file = join(folder, 'src', 'gifts.ts');
    await writeFile(file, 'export const MAX_GIFTS = 3;\n');
    await tiers.waitForText('gifts.ts', /^\d[\d.]* (k|M)B · \d+ tokens$/u);
    await rm(file);
    await tiers.row('gifts.ts').waitFor({ state: 'detached' });
  });

  it('moves while an answer is produced', async () => {
    const ram = await tiers.text('RAM');
    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitForAnswer();
    await tiers.waitForText('Disk', /100 % of tokens reused · [1-9]\d* chunks$/u);
    assert.notEqual(await tiers.text('RAM'), ram);
  });

  it('moves a folder to RAM, and back', async () => {
    await tiers.act('choose', 'src', 'Move to RAM', /in RAM$/u);
    await tiers.waitForText('limits.ts', /in RAM$/u);
    await host.screenshot('tiers-moved');
    await tiers.act('choose', 'src', 'Move Back to Disk', /tokens$/u);
  });

  it('keeps a pinned folder when the budget shrinks, and evicts the rest', async () => {
    await tiers.act('press', 'src', 'Pin: Keep Stored', /pinned$/u);
    await tiers.waitForText('limits.ts', /pinned$/u);
    await tiers.setBudget('0.000001');
    await host.screenshot('tiers-budget');
    await tiers.confirm('Set the budget');
    await tiers.waitForText('README.md', /^not read/u);
    await tiers.waitForText('Disk', /of 1 kB/u);
    assert.match(await tiers.text('src'), /^\d.*tokens · pinned$/u);
    await host.screenshot('tiers-evicted');
  });

  it('reads again what was evicted, and holds everything after a restart', async () => {
    await tiers.setBudget('0');
    await tiers.waitForText('Disk', /^\d[\d.]* (k|M)B( · .*)?$/u);
    // A click is lost where the tree is drawn again between pressing and letting go.
    await until('README.md is read', async () => {
      if (/^\d+ kB · \d+ tokens$/u.test(await tiers.text('README.md'))) {
        return true;
      }
      await tiers.press('README.md', 'Read Again');
      await sleep(readMs);
      return false;
    });
    const before = await tiers.text('Disk');
    await host.restartServer();
    await chat.openSidebar();
    await host.waitForStatus('LeoAM: ready');
    await tiers.open();
    const bytes = before.split(' · ')[0] ?? '';
    await tiers.waitForText('Disk', new RegExp(`^${bytes.replaceAll('.', '\\.')}`, 'u'));
    assert.match(await tiers.text('src'), /pinned$/u);
  });

  it('marks the lines that the last answer rests on, until asked again', async () => {
    await host.openFile('src/limits.ts');
    const marks = host.page.locator('.view-overlays [class*="TextEditorDecorationType"]');
    const mark = 'LeoAM: Mark the Lines that the Last Answer Rests On';
    await host.command(mark);
    await until('lines are marked', async () => (await marks.count()) > 0);
    await host.screenshot('tiers-evidence');
    await host.command(mark);
    await until('no line is marked', async () => (await marks.count()) === 0);
  });

  it('draws the picture of the tiers, and another answer into it', async () => {
    await (await chat.ask('When is shipping free?')).waitForAnswer();
    await host.command('LeoAM: Show the Picture of the Tiers');
    const picture = await tiers.picture();
    const text = await picture.locator('figure.tiers').textContent();
    assert.match(text ?? '', /GPU.*RAM.*Disk/u);
    assert.match((await picture.locator('dl').textContent()) ?? '', /Tokens reused100 %/u);
    await until(
      'the answer is in the picture',
      async () => (await picture.locator('figure.first-word g').count()) === 1,
    );
    await host.screenshot('tiers-picture');
  });

  it('shows what RAM holds of a whole repository, once answers rest on it', async () => {
    await host.changeSettings({
      'leoam.chat.evidence': 'wholeRepository',
      'leoam.chat.evidenceMemoryMib': 1,
    });
    await host.command('View: Close All Editors'); // the picture among them
    await host.restartServer();
    await chat.openSidebar();
    await host.waitForStatus('LeoAM: ready');
    await tiers.open();
    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitForAnswer();
    await tiers.waitForText('RAM', /hit rate \d+ % · repositories .* · [1-9]\d* blocks$/u);
    await host.screenshot('tiers-whole-repository');
  });
});
