// Work ahead for a question that is still being written: one at a time, ended by the next.

import { isCancelled } from '../engine/errors.js';

interface Running {
  /** What it is for: the same name is the same work. */
  name: string;
  abort: AbortController;
  done: Promise<unknown>;
}

export class Preparation {
  private running: Running | undefined;

  /** Starts after what runs has ended. Undefined when it was ended before it was done. */
  async run<T>(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const before = this.running;
    const abort = new AbortController();
    const until = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
    const result = (async () => {
      before?.abort.abort();
      await before?.done;
      return until.aborted ? undefined : unlessEnded(work(until));
    })();
    const running = { name, abort, done: result.catch(() => undefined) };
    this.running = running;
    try {
      return await result;
    } finally {
      if (this.running === running) {
        this.running = undefined;
      }
    }
  }

  /** Waits for what runs where that is `name`, else ends it. */
  async settle(name?: string): Promise<void> {
    if (this.running !== undefined && this.running.name !== name) {
      this.running.abort.abort();
    }
    await this.running?.done;
  }
}

async function unlessEnded<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isCancelled(error)) {
      return undefined;
    }
    throw error;
  }
}
