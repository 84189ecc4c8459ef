// Suggestions in the editor (ghost text) as a user works with them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { CodeHost } from './host.js';
import { until } from './until.js';
import { useWindow } from './window.js';

/** A small model on a busy machine. */
const suggestedMs = 60_000;
/** As somebody types who is quick. */
const keyMs = 40;

/** A function whose body, the empty fifth line, a helper of the shop's `src/limits.ts` fills. */
export const question = [
  "import { isFreeShipping } from './limits.js';",
  '',
  '/** Whether a basket is delivered for nothing. */',
  'export function isDeliveredForNothing(totalCents: number): boolean {',
  '',
  '}',
  '',
];

/** Nothing but suggestions of LeoAM, and lines that are not broken; saved by a key, as on a desktop. */
const quiet = {
  'files.autoSave': 'off',
  'editor.inlineSuggest.enabled': true,
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.wordBasedSuggestions': 'off',
  'editor.parameterHints.enabled': false,
  '[markdown]': { 'editor.wordWrap': 'off' },
};

/** For a suite: a window of the shop with more files, and the default model; see `useWindow`. */
export function useGhostWindow(
  files: Readonly<Record<string, string>>,
  take: (host: CodeHost, ghost: GhostPage) => void,
): void {
  let folder = '';
  useWindow(
    async ({ defaultModel }) => {
      folder = await temporaryRepository({ ...shopFiles, ...files });
      return { folder, settings: { 'leoam.modelPath': defaultModel, ...quiet } };
    },
    ({ host }) => take(host, new GhostPage(host, folder)),
    'window',
  );
}

export class GhostPage {
  constructor(
    private readonly host: CodeHost,
    private readonly folder: string,
  ) {}

  /** Opens a file and puts the cursor at the end of a line, counted from 1. */
  async goTo(path: string, line: number): Promise<void> {
    const { keyboard } = this.host.page;
    await this.host.openFile(path);
    await keyboard.press('Control+Home');
    for (let at = 1; at < line; at++) {
      await keyboard.press('ArrowDown');
    }
    await keyboard.press('End');
  }

  /** Writes a first line, with which LeoAM starts. */
  async wake(): Promise<void> {
    await this.goTo('README.md', 3);
    await this.type(' Both are tested.');
    await this.host.waitForStatus('LeoAM: ready', 120_000);
    await this.press('Control+S');
  }

  async type(text: string): Promise<void> {
    await this.host.page.keyboard.type(text, { delay: keyMs });
  }

  press(key: string): Promise<void> {
    return this.host.page.keyboard.press(key);
  }

  /** What is suggested behind the cursor, without lines below; empty where nothing is. */
  async shown(): Promise<string> {
    const parts = this.host.page.locator('.ghost-text-decoration');
    return plain((await parts.allTextContents()).join(''));
  }

  /** Waits for a suggestion; what there is instead is told when none like it comes. */
  async waitFor(what: string, isIt: (shown: string) => boolean): Promise<string> {
    let shown = '';
    try {
      await until(
        what,
        async () => {
          shown = await this.shown();
          return isIt(shown);
        },
        suggestedMs,
      );
      return shown;
    } catch {
      const written = await this.linesInEditor();
      const status = await this.host.page.locator('.statusbar').innerText();
      assert.fail(
        [
          `not within ${suggestedMs / 1000} s: ${what}`,
          `suggested at last: ${JSON.stringify(shown)}`,
          `status: ${plain(status).replaceAll('\n', ' ')}`,
          `the editor:\n${written.join('\n')}`,
          `why: ${(await this.why()).join('\n')}`,
        ].join('\n\n'),
      );
    }
  }

  /** Saves the file in the editor and returns what is on the disk once that is so. */
  async saved(path: string, isSo: (text: string) => boolean, what: string): Promise<string> {
    await this.press('Control+S');
    try {
      await until(what, async () => isSo(await this.onDisk(path)), 10_000);
    } catch {
      assert.fail(`${path} should have: ${what}. It has:\n${await this.onDisk(path)}`);
    }
    return this.onDisk(path);
  }

  onDisk(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  /** The lines of "Why was nothing shown?" that fit the screen, from the newest request on. */
  async why(): Promise<string[]> {
    await this.host.command('LeoAM: Why Was Nothing Shown?');
    await this.host.page
      .locator('.tab.active[data-resource-name="Why was nothing shown.md"]')
      .waitFor();
    await until('the answer is there', async () =>
      (await this.linesInEditor()).some((line) => line.startsWith('# ')),
    );
    return this.linesInEditor();
  }

  async linesInEditor(): Promise<string[]> {
    const lines = this.host.page.locator('.editor-instance .view-lines .view-line');
    return (await lines.allTextContents()).map(plain);
  }
}

/** Monaco shows spaces that do not break, and marks that say where text goes left to right. */
function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ').replaceAll(/[\u200b\u200c]/gu, '');
}
