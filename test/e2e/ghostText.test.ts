import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { question, useGhostWindow, type GhostPage } from './ghostPage.js';
import type { CodeHost } from './host.js';
import { until } from './until.js';

/** Longer than a suggestion takes, once the model has read the file. */
const patienceMs = 4_000;

const price = [
  "import { isFreeShipping } from './limits.js';",
  '',
  '/** What the delivery of a basket costs. */',
  'export function deliveryCents(totalCents: number): number {',
  '',
  '  return 490;',
  '}',
  '',
];

/** The empty line of both. */
const emptyLine = 5;
/** Goes on with the rest of the helper's name, whatever a model writes after it. */
const start = '  return isFree';
const goesOn = (shown: string): boolean => shown.startsWith('Shipping(');

/** Which of them has the method is a thing that only the language server can tell. */
const tills = ['east', 'middle', 'north', 'south', 'upper', 'west'];
const meant = 'src/tills/west.ts';
const tillFiles = Object.fromEntries([
  ...tills.map((name, at) => [
    `src/tills/${name}.ts`,
    [
      ...(name === 'west' ? ['// Coins of the old kind are not taken here, nor notes.', ''] : []),
      'export class Till {',
      '  settle(cents: number): number {',
      `    return cents + ${at};`,
      '  }',
      '}',
      '',
    ].join('\n'),
  ]),
  [
    'src/tills/pick.ts',
    "import { Till } from './west.js';\nexport const pick = () => new Till();\n",
  ],
  [
    'src/day.ts',
    "import { pick } from './tills/pick.js';\nexport const day = { first: pick() };\n",
  ],
  [
    'src/settle.ts',
    ["import { day } from './day.js';", '', 'const due = day.first.settle(100);', '', ''].join(
      '\n',
    ),
  ],
]) as Record<string, string>;

const ribbons = '\n// Ribbons of one kind are for large baskets.\n';

/** The import stands in the cell above. */
const notebook = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { language_info: { name: 'typescript' } },
  cells: [
    ["import { isFreeShipping } from './limits.js';\n", 'const basketCents = 4200;'],
    ['const isDeliveredForNothing = ;'],
  ].map((source, at) => ({
    ...{ cell_type: 'code', id: `cell${at}`, metadata: {}, outputs: [], execution_count: null },
    source,
  })),
});

describe('suggestions in the editor of VS Code @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let ghost: GhostPage;

  const lf = (lines: string[]): string => lines.join('\n');
  useGhostWindow(
    {
      'src/taken.ts': lf(question),
      'src/through.ts': lf(question),
      'src/word.ts': lf(question),
      'src/windows.ts': question.join('\r\n'),
      'src/brackets.ts': lf(price),
      'src/closed.ts': lf([...price.slice(0, 5), '', '', ...price.slice(5)]),
      'src/quotes.ts': lf(['', ...question.slice(1)]),
      'src/unimported.ts': lf(question.slice(2)),
      'src/ribbons.ts': ribbons,
      'src/unsaved.ts': lf(['', ...question.slice(1)]),
      'src/off.ts': lf(question),
      'src/snoozed.ts': lf(question),
      'src/notes.ipynb': notebook,
      ...tillFiles,
    },
    (...opened) => ([host, ghost] = opened),
  );

  async function suggestedIn(path: string): Promise<string> {
    await ghost.goTo(path, emptyLine);
    await ghost.type(start);
    return ghost.waitFor(`the rest of isFreeShipping is suggested in ${path}`, goesOn);
  }

  it('wake LeoAM with the first line that is written', async () => {
    await ghost.wake();
  });

  it('have a name from another file, which Tab takes over', async () => {
    await suggestedIn('src/taken.ts');
    await host.screenshot('ghost-text');
    await ghost.press('Tab');
    await ghost.saved(
      'src/taken.ts',
      (text) => text.includes('  return isFreeShipping('),
      'the suggestion behind what was typed',
    );
    assert.ok(!goesOn(await ghost.shown()), 'what was taken is suggested still');
  });

  it('have a name that the file does not import', async () => {
    await ghost.goTo('src/unimported.ts', emptyLine - 2);
    await ghost.type(start);
    await ghost.waitFor('the rest of isFreeShipping is suggested', goesOn);
    await ghost.press('Escape');
  });

  it('tell what they came from', async () => {
    const lines = await ghost.why();
    const text = lines.join('\n');
    assert.ok(
      lines.some((line) => /^## .* src\/taken\.ts:\d+/u.test(line)),
      text,
    );
    assert.ok(
      lines.some((line) => line.startsWith('Suggested')),
      text,
    );
    assert.ok(
      lines.some((line) => /^- Passages: .*src\/limits\.ts:\d+-\d+/u.test(line)),
      `no passage of src/limits.ts:\n${text}`,
    );
    await host.screenshot('ghost-text-why');
  });

  it('have a name that was written in another file and is not saved', async () => {
    await ghost.goTo('src/ribbons.ts', 1);
    await ghost.type('export const silverRibbonCents = 81;');
    await ghost.press('Escape');
    await ghost.goTo('src/unsaved.ts', emptyLine);
    await ghost.type('  return totalCents > silverRi');
    await ghost.waitFor('the rest of silverRibbonCents is suggested', (shown) =>
      shown.startsWith('bbonCents'),
    );
    await host.screenshot('ghost-text-unsaved');
    await ghost.press('Escape');
    assert.equal(await ghost.onDisk('src/ribbons.ts'), ribbons);
  });

  it('stay while they are typed through, and go at Escape', async () => {
    const before = await suggestedIn('src/through.ts');
    await ghost.type('Ship');
    const after = await ghost.waitFor(
      `of "${before}" there is what follows on "Ship"`,
      (shown) => shown !== '' && before.slice('Ship'.length).startsWith(shown),
    );
    assert.ok(after.startsWith('ping('), after);
    await ghost.press('Escape');
    await until('the suggestion is gone', async () => (await ghost.shown()) === '');
    await sleep(patienceMs);
    assert.equal(await ghost.shown(), '', 'it came back after Escape');
    await ghost.saved(
      'src/through.ts',
      (text) => text.includes('  return isFreeShip\n'),
      'what was typed and no more',
    );
    await ghost.type('ping(totalCents);');
    await ghost.saved(
      'src/through.ts',
      (text) => text.includes('ping(totalCents)'),
      'a whole line',
    );
  });

  it('give one word at Control and Right', async () => {
    await suggestedIn('src/word.ts');
    await ghost.press('Control+ArrowRight');
    await ghost.waitFor('the rest stays suggested', (shown) => shown.startsWith('('));
    await ghost.saved(
      'src/word.ts',
      (text) => text.includes('  return isFreeShipping\n'),
      'the first word of the suggestion and no more',
    );
    // Left like this, the file would be a bad example to the next ones.
    await ghost.press('Tab');
    await ghost.saved(
      'src/word.ts',
      (text) => text.includes('  return isFreeShipping('),
      'the rest of the suggestion',
    );
  });

  it('leave the line ends of a file from Windows', async () => {
    await suggestedIn('src/windows.ts');
    await ghost.press('Tab');
    const text = await ghost.saved(
      'src/windows.ts',
      (saved) => saved.includes('  return isFreeShipping('),
      'the suggestion behind what was typed',
    );
    assert.ok(!/[^\r]\n/u.test(text), `a line ends with LF alone: ${JSON.stringify(text)}`);
  });

  it('do not double the bracket that the editor has closed', async () => {
    await ghost.goTo('src/brackets.ts', emptyLine);
    await ghost.type('  if (isFree');
    await ghost.waitFor('the rest of isFreeShipping is suggested before the bracket', goesOn);
    await host.screenshot('ghost-text-brackets');
    await ghost.press('Tab');
    const text = await ghost.saved(
      'src/brackets.ts',
      (saved) => saved.includes('  if (isFreeShipping('),
      'the suggestion behind what was typed',
    );
    const line = text.split('\n')[emptyLine - 1] ?? '';
    assert.equal(count(line, ')'), count(line, '('), line);
  });

  it('do not double other brackets or quotes that it has closed', async () => {
    const path = 'src/closed.ts';
    for (const [at, [typed, opening, closing]] of (
      [
        ['  const each = [isFree', '[', ']'],
        ['  const one = { value: isFree', '{', '}'],
      ] as const
    ).entries()) {
      await ghost.goTo(path, emptyLine + at);
      await ghost.type(typed);
      await ghost.waitFor(`the rest of isFreeShipping is suggested before ${closing}`, goesOn);
      await host.screenshot(`ghost-text-closed-${String(at)}`);
      await ghost.press('Tab');
      const text = await ghost.saved(
        path,
        (saved) => saved.includes(`${typed}Shipping(`),
        'the suggestion behind what was typed',
      );
      const line = text.split('\n')[emptyLine + at - 1] ?? '';
      assert.equal(count(line, closing), count(line, opening), line);
      assert.equal(count(line, ')'), count(line, '('), line);
    }

    await ghost.goTo('src/quotes.ts', 1);
    await ghost.type("import { isFreeShipping } from './lim");
    await ghost.waitFor('the rest of the file name', (shown) => shown.startsWith('its'));
    await host.screenshot('ghost-text-quotes');
    await ghost.press('Tab');
    const text = await ghost.saved(
      'src/quotes.ts',
      (saved) => saved.includes("from './limits"),
      'the suggestion within the quotes',
    );
    const line = text.split('\n')[0] ?? '';
    assert.equal(count(line, "'"), 2, line);
  });

  it('come in a cell of a notebook, and know the one above', async () => {
    await host.showFile('src/notes.ipynb');
    const lines = host.page.locator('.notebookOverlay .view-line');
    await lines.filter({ hasText: 'isDeliveredForNothing' }).click();
    await ghost.press('End');
    await ghost.press('ArrowLeft');
    await ghost.type('isFree');
    await ghost.waitFor('the rest of isFreeShipping is suggested in the cell', goesOn);
    await host.screenshot('ghost-text-notebook');
    await ghost.press('Escape');
    await ghost.press('Escape');
  });

  it('see what the language server says that a name means', async () => {
    let seen: string[] = [];
    const isSeen = async (): Promise<boolean> => {
      await ghost.goTo('src/settle.ts', 4);
      await sleep(2_000); // at rest, its place is prepared
      await ghost.type('const rest = due');
      await ghost.waitFor('something is suggested', (shown) => shown !== '');
      seen = await ghost.why();
      await ghost.goTo('src/settle.ts', 4);
      await ghost.press('Shift+Home');
      await ghost.press('Delete');
      return seen.some((line) => line.startsWith('- Passages: ') && line.includes(meant));
    };
    await until(`${meant} is among the passages`, isSeen, 120_000).catch(() =>
      assert.fail(seen.join('\n')),
    );
  });

  it('do not come while they are snoozed', async () => {
    await host.command('LeoAM: Snooze Suggestions');
    await host.page.locator('.quick-input-list').getByText('For 5 minutes').click();
    await waitForMark(true);
    await assertNothingIn('src/snoozed.ts', 'Nothing was shown. Suggestions were snoozed.');
    await host.command('LeoAM: Snooze Suggestions');
    await host.page.locator('.quick-input-list').getByText('End the snooze now').click();
    await waitForMark(false);
  });

  it('do not come in a language that they are off for', async () => {
    await ghost.goTo('src/off.ts', emptyLine);
    await host.command('LeoAM: Turn Suggestions On or Off for This Language');
    await waitForMark(true);
    await assertNothingIn(
      'src/off.ts',
      'Nothing was shown. Suggestions were off for TypeScript (setting leoam.completion.languages).',
    );
    await ghost.goTo('src/off.ts', emptyLine);
    await host.page.locator('.statusbar').getByText('LeoAM: ready').first().click();
    const menu = host.page.locator('.quick-input-list');
    await menu.getByText('Turn suggestions on for TypeScript').waitFor();
    await menu.getByText('Suggestions: off for TypeScript').waitFor();
    await host.screenshot('ghost-text-off');
    await ghost.press('Escape');
  });

  async function assertNothingIn(path: string, reason: string): Promise<void> {
    await ghost.goTo(path, emptyLine);
    await ghost.type(start);
    await sleep(patienceMs);
    assert.equal(await ghost.shown(), '');
    const lines = await ghost.why();
    assert.ok(lines.includes(reason), `"${reason}" is not said:\n${lines.join('\n')}`);
    assert.ok(
      lines.some((line) => line.startsWith('## ') && line.includes(` ${path}:${emptyLine}`)),
      `${path} is not named:\n${lines.join('\n')}`,
    );
  }

  /** The status bar shows by a mark that no suggestions come here. */
  async function waitForMark(isThere: boolean): Promise<void> {
    const mark = host.page.locator('[id="leoam.leoam.leoam.status"] .codicon-circle-slash');
    const what = `the status bar ${isThere ? 'has' : 'has no'} mark for suggestions that are off`;
    await until(what, async () => (await mark.isVisible()) === isThere, 10_000);
  }
});

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
