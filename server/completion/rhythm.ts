// How long to wait before a suggestion is worth computing: someone who types on makes it
// needless. Short where typing is slow or suggestions come at once.

/** Longer gaps are pauses, not rhythm. */
const pauseMs = 1000;
const weight = 0.2;
const shortestMs = 10;
const longestMs = 250;
/** Behind these a name or a line begins: that is where one looks up. */
const triggers = new Set(['.', '(', '{', '[', ',', '=', ':', ' ', '\n', '\t', '>']);

export class Rhythm {
  private gapMs = 180;
  private latencyMs = 300;
  private last: number | undefined;
  private document = '';

  /** A change of a document, at `now` in milliseconds. One in another document is no typing. */
  typed(now: number, document = ''): void {
    const gap = this.last === undefined || document !== this.document ? Infinity : now - this.last;
    this.last = now;
    this.document = document;
    if (gap < pauseMs) {
      this.gapMs += weight * (gap - this.gapMs);
    }
  }

  /** A suggestion took so long to compute. */
  computed(ms: number): void {
    this.latencyMs += weight * (ms - this.latencyMs);
  }

  /**
   * From `now` until the engine should start; the pause counts from the last change.
   * `character`: the one before the cursor. The more of the gaps between keys a suggestion takes,
   * the surer the pause has to be.
   */
  waitMs(character: string, now = this.last ?? 0): number {
    const share = Math.min(1, this.latencyMs / (2 * this.gapMs));
    const wait = share * 1.2 * this.gapMs * (triggers.has(character) ? 0.4 : 1);
    const pauseSoFar = now - (this.last ?? now);
    return Math.max(0, Math.min(longestMs, Math.max(shortestMs, wait)) - pauseSoFar);
  }
}
