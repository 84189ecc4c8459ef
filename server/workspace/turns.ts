// Long work on a thread that others wait for, too: in between, these have their turn.

/** Nobody waits longer for a turn, but for the piece of work that is under way. */
const maxMs = 10;

export class Turns {
  private since = performance.now();

  /** To be looked at between two pieces of work; costs no more than reading a clock. */
  get areDue(): boolean {
    return performance.now() - this.since > maxMs;
  }

  /** What waits for this thread runs. */
  async pass(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
