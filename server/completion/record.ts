// What is remembered of a request.

import type { CompletionRecord, DropReason } from '../protocol/completion.js';
import type { Completion } from './completer.js';
import type { KeptSuggestion } from './kept.js';

/** What became of a request; who asked and when is added where it is kept. */
export type Recorded = Omit<CompletionRecord, 'id' | 'time' | 'uri' | 'line'>;

const noCounters: Recorded['counters'] = {
  tokensComputed: 0,
  tokensReused: 0,
  tokensMoved: 0,
  tokensDecoded: 0,
  tokensDrafted: 0,
  tokensAccepted: 0,
  workingSetTokens: 0,
  bytesFromDisk: 0,
};
const noTimings: Recorded['timings'] = {
  waitMs: 0,
  selectMs: 0,
  queuedMs: 0,
  ttftMs: 0,
  totalMs: 0,
};

export function droppedRecord(reason: DropReason, message?: string): Recorded {
  return {
    outcome: 'dropped',
    reason,
    ...(message === undefined ? {} : { message }),
    text: '',
    sources: [],
    counters: noCounters,
    timings: noTimings,
  };
}

export function keptRecord({ text, sources, meanLogProbability }: KeptSuggestion): Recorded {
  return {
    outcome: 'kept',
    text,
    sources,
    ...(meanLogProbability === undefined ? {} : { meanLogProbability }),
    counters: noCounters,
    timings: noTimings,
  };
}

export function computedRecord(result: Completion): Recorded {
  const { counters, timings, meanLogProbability } = result;
  return {
    outcome: 'computed',
    text: result.completion,
    sources: result.sources,
    ...(meanLogProbability === undefined ? {} : { meanLogProbability }),
    counters: {
      tokensComputed: counters.tokensComputed,
      tokensReused: counters.tokensReused,
      tokensMoved: counters.tokensMoved,
      tokensDecoded: counters.tokensDecoded,
      tokensDrafted: counters.tokensDrafted,
      tokensAccepted: counters.tokensAccepted,
      workingSetTokens: counters.workingSetTokens,
      bytesFromDisk: counters.bytesFromDisk,
    },
    timings: { waitMs: 0, ...timings },
  };
}
