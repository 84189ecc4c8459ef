// One turn of the chat view as a reader sees it: sources, answer, what became of it, and what
// it cost.

import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { viewStrings } from '../../extension/shared/strings.js';
import { until } from './until.js';

type State = 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed';

/** A source as its button names it. */
export interface ShownSource {
  path: string;
  startLine: number;
  endLine: number;
}

const answerMs = 120_000;

/** `path:start-end`, and a sentence where the file has changed. */
const namedSource = /^(.+?):(\d+)(?:-(\d+))?(?:\. .*)?$/u;

export class TurnPage {
  constructor(readonly root: Locator) {}

  /** Buttons of the passages above the answer. */
  get sourceButtons(): Locator {
    return this.root.getByRole('group', { name: viewStrings.sources }).getByRole('button');
  }

  /** Why it failed, in one sentence. */
  get problem(): Locator {
    return this.root.locator('.problem');
  }

  /** The fold-out under the answer. */
  get foldOut(): Locator {
    return this.root.locator('details');
  }

  async state(): Promise<string> {
    return (await this.root.getAttribute('data-state')) ?? '';
  }

  /** The answer's text as far as it has come. */
  answer(): Promise<string> {
    return this.root.locator('.markdown').innerText();
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  async waitFor(...states: State[]): Promise<void> {
    const isOne = async (): Promise<boolean> => (states as string[]).includes(await this.state());
    await until(`the turn is ${states.join(' or ')}`, isOne, answerMs);
  }

  /** Waits for the whole answer; fails with the turn's own words when there is none. */
  async waitForAnswer(): Promise<void> {
    await this.waitFor('done', 'stopped', 'failed');
    const state = await this.state();
    assert.equal(state, 'done', state === 'failed' ? await this.problem.innerText() : state);
  }

  async sources(): Promise<ShownSource[]> {
    const buttons = await this.sourceButtons.all();
    const names = await Promise.all(buttons.map((button) => button.getAttribute('aria-label')));
    return names.flatMap((name) => {
      const [, path = '', start, end = start] = namedSource.exec(name ?? '') ?? [];
      return start === undefined ? [] : [{ path, startLine: Number(start), endLine: Number(end) }];
    });
  }

  /** A figure of the fold-out by its name. */
  async figure(name: string): Promise<string> {
    const term = this.foldOut.getByText(name, { exact: true });
    return (await term.locator('xpath=following-sibling::dd[1]').textContent()) ?? '';
  }

  /** A count of the fold-out, whatever stands between its digits. */
  async count(name: string): Promise<number> {
    const text = await this.figure(name);
    const digits = text.replace(/\D/gu, '');
    assert.notEqual(digits, '', `${name}: ${text}`);
    return Number(digits);
  }
}
