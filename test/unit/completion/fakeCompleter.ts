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

/** As the engine ends it, which is asked after each piece of text. */
function endedBy({ stop, isComplete }: CompletionRequest, result: Completion): Completion {
  const { completion } = result;
  const ends = stop.map((text) => completion.indexOf(text)).filter((at) => at >= 0);
  const most = Math.min(completion.length, ...ends);
  let length = Math.min(1, most);
  while (length < most && isComplete?.(completion.slice(0, length)) !== true) {
    length++;
  }
  return length < completion.length
    ? { ...result, completion: completion.slice(0, length), reason: 'stop' }
    : result;
}

export class FakeCompleter {
  readonly requests: CompletionRequest[] = [];
  disposed = 0;

  constructor(
    private readonly write: (request: CompletionRequest) => Completion | Promise<Completion>,
  ) {}

  async complete(request: CompletionRequest): Promise<Completion> {
    this.requests.push(request);
    return endedBy(request, await this.write(request));
  }

  outdated(): void {
    // Nothing is remembered.
  }

  defined(): void {
    // Nor this.
  }

  wrote(): () => void {
    return () => undefined; // nor this
  }

  dispose(): void {
    this.disposed++;
  }
}
