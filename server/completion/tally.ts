// What several runs of the model took, together.

import type { CompletionCounters } from '../protocol/completion.js';

export class Tally {
  private sum: CompletionCounters | undefined;

  /** Of one more run, unless it was given up before it began; what else its counters hold is left out. */
  add({ counters }: { counters: CompletionCounters }): void {
    const { sum } = this;
    if (counters.tokensComputed + counters.tokensReused + counters.tokensDecoded === 0) {
      return;
    }
    this.sum = {
      tokensComputed: counters.tokensComputed + (sum?.tokensComputed ?? 0),
      tokensReused: counters.tokensReused + (sum?.tokensReused ?? 0),
      tokensMoved: counters.tokensMoved + (sum?.tokensMoved ?? 0),
      tokensDecoded: counters.tokensDecoded + (sum?.tokensDecoded ?? 0),
      tokensDrafted: counters.tokensDrafted + (sum?.tokensDrafted ?? 0),
      tokensAccepted: counters.tokensAccepted + (sum?.tokensAccepted ?? 0),
      // Runs at one place have the same.
      workingSetTokens: Math.max(counters.workingSetTokens, sum?.workingSetTokens ?? 0),
      bytesFromDisk: counters.bytesFromDisk + (sum?.bytesFromDisk ?? 0),
    };
  }

  /** Since the last time; undefined where nothing ran. */
  take(): CompletionCounters | undefined {
    const { sum } = this;
    this.sum = undefined;
    return sum;
  }
}
