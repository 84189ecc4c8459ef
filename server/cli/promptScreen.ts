// What stands on the screen between two answers: the prompt with how far the reading has
// come, which changes under what the user is typing, and notes that wait for their moment.

import { clearScreenDown, cursorTo } from 'node:readline';
import type { Interface } from 'node:readline/promises';
import type { ReadingState } from '../index/background.js';
import { formatSeconds, type Output } from './output.js';

const plainPrompt = '> ';

export class PromptScreen {
  private waiting = false;
  private closed = false;
  private shown = '';
  private readonly notes: string[] = [];

  /** `state`: how far the reading has come; undefined where nothing is read. */
  constructor(
    private readonly terminal: Interface,
    private readonly output: Output,
    private readonly state: () => ReadingState | undefined,
  ) {
    terminal.on('close', () => {
      this.closed = true;
      this.waiting = false;
    });
  }

  /** Shows the prompt and waits for a line. */
  open(): void {
    this.waiting = !this.closed;
    for (const note of this.notes.splice(0)) {
      this.output.note(note);
    }
    this.draw(false);
  }

  /** Says what has no place in the prompt: without a terminal, how far the reading has come. */
  afterAnswer(): void {
    const state = this.state();
    if (!this.terminal.terminal && state !== undefined && !state.finished) {
      this.output.note(`The folder: ${progressText(state)}.`);
    }
  }

  /** A line was typed: what is written from now on belongs to its answer. */
  close(): void {
    this.waiting = false;
  }

  /** The state has changed: the prompt says so, and what is being typed stays as it is. */
  update(): void {
    if (this.waiting && this.terminal.terminal && promptText(this.state()) !== this.shown) {
      this.draw(true);
    }
  }

  /** Tells a sentence above the prompt; during an answer, after it. */
  note(text: string): void {
    if (!this.waiting || this.terminal.getCursorPos().rows > 0) {
      this.notes.push(text);
      return;
    }
    if (this.terminal.terminal) {
      cursorTo(process.stderr, 0);
      clearScreenDown(process.stderr);
    }
    this.output.note(text);
    this.draw(true);
  }

  private draw(keepTyped: boolean): void {
    if (this.closed) {
      return; // a prompt would open the input again
    }
    this.shown = this.terminal.terminal ? promptText(this.state()) : plainPrompt;
    this.terminal.setPrompt(this.shown);
    this.terminal.prompt(keepTyped);
  }
}

function promptText(state: ReadingState | undefined): string {
  return state === undefined || state.finished
    ? plainPrompt
    : `(${progressText(state)}) ${plainPrompt}`;
}

function progressText({ share, secondsLeft }: ReadingState): string {
  const left = secondsLeft === undefined ? '' : `, ${formatSeconds(secondsLeft)} left`;
  return `${Math.floor(100 * share)}% read${left}`;
}
