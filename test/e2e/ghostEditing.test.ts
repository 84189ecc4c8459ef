import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { question, useGhostWindow, type GhostPage } from './ghostPage.js';
import type { CodeHost } from './host.js';
import { until } from './until.js';

/** VS Code has no key for it, and its palette takes the focus from the editor. */
const keyForALine = {
  key: 'ctrl+alt+l',
  command: 'editor.action.inlineSuggest.acceptNextLine',
  when: 'inlineSuggestionVisible',
};

/** Longer than a suggestion takes. */
const patienceMs = 2_000;

const loop = [
  '/** The largest of these, found in a loop. */',
  'export function largest(numbers: readonly number[]): number {',
  '  let found = -Infinity;',
  '',
  '  return found;',
  '}',
  '',
];

const two = [
  "import { isFreeShipping } from './limits.js';",
  '',
  'export const isSmallFree = ;',
  'export const isLargeFree = ;',
  '',
];

const prices = ['export const prices = {', '  apples: 1,', '  milk: 4,', '', '};', ''];

/** Its body is begun. */
const begun = question.join('\n').replace('{\n', '{\n  return isFree');

describe('suggestions beside what else an editor does @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let ghost: GhostPage;

  useGhostWindow(
    {
      'src/asked.ts': begun,
      'src/again.ts': begun,
      'src/loop.ts': loop.join('\n'),
      'src/listed.ts': question.join('\n'),
      'src/renamed.ts': question.join('\n'),
      'src/two.ts': two.join('\n'),
      'src/prices.ts': prices.join('\n'),
    },
    (...opened) => ([host, ghost] = opened),
  );

  before(async () => {
    await host.command('Preferences: Open Keyboard Shortcuts (JSON)');
    await host.page.locator('.tab.active[data-resource-name="keybindings.json"]').waitFor();
    await host.page.locator('.editor-instance .view-lines').first().click();
    await ghost.press('Control+A');
    await host.page.keyboard.insertText(JSON.stringify([keyForALine]));
    await ghost.press('Control+S');
  });

  it('come when they are asked for by their key, before LeoAM runs', async () => {
    await ghost.goTo('src/asked.ts', 5);
    await ghost.press('Alt+Backslash');
    await host.waitForStatus('LeoAM: loading');
    await ghost.waitFor('the rest is suggested', (shown) => shown.startsWith('Shipping('));
    await host.screenshot('ghost-text-asked');
    await ghost.press('Tab');
    await ghost.saved(
      'src/asked.ts',
      (text) => text.includes('  return isFreeShipping('),
      'the suggestion behind what stood there',
    );
    await host.waitForStatus('LeoAM: ready', 120_000);
    // Now that it runs, no suggestion comes to who only moves the cursor, but to who asks.
    await ghost.goTo('src/again.ts', 5);
    await sleep(patienceMs);
    assert.equal(await ghost.shown(), '');
    await ghost.press('Alt+Backslash');
    await ghost.waitFor('the rest is suggested', (shown) => shown.startsWith('Shipping('));
    await ghost.press('Tab');
    await ghost.saved(
      'src/again.ts',
      (text) => text.includes('  return isFreeShipping('),
      'the suggestion behind what stood there',
    );
  });

  it('are taken line by line', async () => {
    await ghost.goTo('src/loop.ts', 4);
    await ghost.type('  ');
    const first = await ghost.waitFor('a first line is suggested', (shown) => shown !== '');
    await host.screenshot('ghost-text-lines');
    await ghost.press('Control+Alt+L');
    const part = await ghost.saved(
      'src/loop.ts',
      (text) => text.includes(`  ${first}\n`),
      `its first line, "${first}"`,
    );
    await ghost.press('Control+Alt+L');
    const more = await ghost.saved('src/loop.ts', (text) => text !== part, 'a second line');
    assert.equal(more.split('\n').length, part.split('\n').length + 1, more);
    await ghost.press('Escape');
  });

  it('go on with the next line behind one that is taken', async () => {
    await ghost.goTo('src/prices.ts', 4);
    await ghost.type('  bread');
    await ghost.waitFor('a price is suggested', (shown) => shown.startsWith(':'));
    await ghost.press('Tab');
    const below = host.page.locator('.suggest-preview-text');
    await until('a line below is suggested', async () =>
      (await below.allTextContents()).some((text) => text.trim() !== ''),
    );
    await host.screenshot('ghost-text-next-line');
    await ghost.press('Tab');
    await ghost.saved(
      'src/prices.ts',
      (text) => /\n {2}bread: \d+,\n {2}\w+: \d+,\n\};\n/u.test(text),
      'the line that was begun, and one more',
    );
  });

  it('go on from what is selected in the list of suggestions', async () => {
    await ghost.goTo('src/listed.ts', 5);
    await ghost.type('  return isFre');
    await ghost.waitFor('the rest is suggested', (shown) => shown.startsWith('eShipping('));
    await ghost.press('Control+Space');
    const row = host.page.locator('.suggest-widget .monaco-list-row.focused');
    await row.filter({ hasText: 'isFreeShipping' }).waitFor();
    // The part that the list would insert is no ghost text, only drawn like it.
    const line = host.page.locator('.editor-instance .view-line', { hasText: 'return' });
    await until('it is beside the list', async () =>
      (await line.innerText()).includes('isFreeShipping('),
    );
    await host.screenshot('ghost-text-list');
    await ghost.press('Tab');
    await ghost.waitFor('what follows on the name stays', (shown) => shown.startsWith('('));
    await ghost.press('Tab');
    await ghost.saved(
      'src/listed.ts',
      (text) => text.includes('  return isFreeShipping('),
      'the name once, and what follows',
    );
  });

  it('do not come while a name is changed in its box', async () => {
    await ghost.goTo('src/renamed.ts', 4);
    await host.page
      .locator('.editor-instance .view-line span')
      .getByText('totalCents', { exact: true })
      .first()
      .click();
    await ghost.press('F2');
    const box = host.page.locator('.rename-box input');
    await box.waitFor();
    await box.fill('isFrees');
    await sleep(patienceMs);
    assert.equal(await ghost.shown(), '');
    await box.press('Enter');
    const isRenamed = (line: string): boolean => line.includes('(isFrees: number)');
    await until('the name is there', async () => (await ghost.linesInEditor()).some(isRenamed));
    await ghost.saved('src/renamed.ts', (text) => text.includes('(isFrees: number)'), 'the name');
  });

  it('are taken at all cursors', async () => {
    await ghost.goTo('src/two.ts', 3);
    await ghost.press('ArrowLeft');
    await ghost.press('Shift+Alt+ArrowDown');
    await ghost.type('isFree');
    await ghost.waitFor('the rest is suggested', (shown) => shown.startsWith('Shipping('));
    await host.screenshot('ghost-text-cursors');
    await ghost.press('Tab');
    const text = await ghost.saved(
      'src/two.ts',
      (saved) => saved.includes('isSmallFree = isFreeShipping('),
      'the suggestion at the first cursor',
    );
    assert.match(text, /isLargeFree = isFreeShipping\(/u);
    await until('nothing is suggested', async () => (await ghost.shown()) !== 'Shipping(');
  });
});
