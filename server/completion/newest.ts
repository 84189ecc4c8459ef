// One piece of work at a time, and the newest wins.

export class Newest {
  private controller: AbortController | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private pending = 0;
  private isClosed = false;

  get isBusy(): boolean {
    return this.pending > 0;
  }

  /**
   * Aborts the work before, waits for its end, and runs `work`. Undefined where this one was
   * aborted, whatever it says to that, and after `close`.
   */
  run<T>(
    signal: AbortSignal | undefined,
    work: (until: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    const until =
      signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    const before = this.ended;
    this.pending++;
    const result = before
      .then(async () => {
        const value = until.aborted || this.isClosed ? undefined : await work(until);
        return until.aborted ? undefined : value;
      })
      .catch((error: unknown) => {
        if (until.aborted) {
          return undefined;
        }
        throw error;
      })
      .finally(() => this.pending--);
    this.ended = result.catch(() => undefined);
    return result;
  }

  /** Aborts what runs and waits for its end; nothing runs any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.controller?.abort();
    await this.ended;
  }
}
