// What is remembered of a request.

import type { CompletionCounters, CompletionRecord, DropReason } from '../protocol/completion.js';
import type { Completion } from './completer.js';
import type { KeptSuggestion } from './kept.js';
import type { Tally } from './tally.js';

/** What became of a request; who asked and when is added where it is kept. */
export type Recorded = Omit<CompletionRecord, 'id' | 'time' | 'uri' | 'line'>;

const noCounters: CompletionCounters = {
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

/** Without its counters, which are those of the request. */
export function computedRecord(result: Completion): Recorded {
  const { timings, meanLogProbability } = result;
  return {
    outcome: 'computed',
    text: result.completion,
    sources: result.sources,
    ...(meanLogProbability === undefined ? {} : { meanLogProbability }),
    counters: noCounters,
    timings: { waitMs: 0, ...timings },
  };
}

/** With what ran for the request, and what ran ahead of need before it. */
export function withCounters(
  record: Recorded,
  own: Tally,
  ahead: Record<'prepared' | 'lookedAhead', Tally>,
): Recorded {
  const prepared = ahead.prepared.take();
  const lookedAhead = ahead.lookedAhead.take();
  return {
    ...record,
    counters: own.take() ?? noCounters,
    ...(prepared === undefined ? {} : { prepared }),
    ...(lookedAhead === undefined ? {} : { lookedAhead }),
  };
}

export interface Waits {
  /** Absent: its turn has not come. */
  queuedMs?: number;
  waitMs: number;
}

/** Of a request that was given up. */
export function cancelledRecord(arrived: number, { queuedMs, waitMs }: Waits): Recorded {
  const record = droppedRecord('cancelled');
  const sinceMs = performance.now() - arrived;
  const timings =
    queuedMs === undefined
      ? { queuedMs: sinceMs, totalMs: sinceMs }
      : { totalMs: sinceMs - queuedMs - waitMs };
  return { ...record, timings: { ...record.timings, ...timings } };
}

/** Times count from the request's arrival, but for the wait. */
export function withWaits(record: Recorded, { queuedMs = 0, waitMs }: Waits): Recorded {
  const { timings } = record;
  return {
    ...record,
    timings: {
      ...{ ...timings, waitMs },
      queuedMs: timings.queuedMs + queuedMs,
      ttftMs: timings.ttftMs + (timings.ttftMs > 0 ? queuedMs : 0),
      totalMs: timings.totalMs + queuedMs,
    },
  };
}
