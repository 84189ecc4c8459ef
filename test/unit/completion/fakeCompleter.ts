// What a model would write, set by the test.

import type { Completion, CompletionRequest } from '../../../server/completion/completer.js';

/** A completion of this text, which took one token a character. */
export function completionOf(completion: string, reason: Completion['reason'] = 'end'): Completion {
  return {
    completion,
    reason,
    meanLogProbability: -0.1,
    sources: [],
    counters: {
      tokensComputed: 3,
      tokensRepaired: 0,
      tokensReused: 100,
      tokensMoved: 0,
      bytesFromDisk: 0,
      tokensDecoded: completion.length,
      tokensDrafted: 0,
      tokensAccepted: 0,
      workingSetTokens: 0,
    },
    timings: { selectMs: 0, queuedMs: 0, ttftMs: 1, totalMs: 2 },
  };
}

export class FakeCompleter {
  readonly requests: CompletionRequest[] = [];
  disposed = 0;

  constructor(
    private readonly write: (request: CompletionRequest) => Completion | Promise<Completion>,
  ) {}

  async complete(request: CompletionRequest): Promise<Completion> {
    this.requests.push(request);
    return this.write(request);
  }

  outdated(): void {
    // Nothing is remembered.
  }

  defined(): void {
    // Nor this.
  }

  wrote(): void {
    // Nor this.
  }

  dispose(): void {
    this.disposed++;
  }
}
