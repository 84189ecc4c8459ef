// From single requests of a typing session to the figures of the completion bench.

import type { CompletionRecord } from '../../server/protocol/completion.js';
import type { Completion } from './llamaServer.js';
import { mean, median, percentile } from './statistics.js';

/**
 * What one request cost one system. Times as its client sees them; LeoAM's first token by its
 * server's clock.
 */
export interface Sample {
  ttftMs: number;
  totalMs: number;
  tokensComputed: number;
  tokensDecoded: number;
}

/** One request of the session, played to every system. */
export interface PlayedRequest {
  repo: string;
  /** What was typed before it. */
  kind: string;
  outcome: CompletionRecord['outcome'];
  reason?: CompletionRecord['reason'];
  leoam: Sample & {
    /** By the server's own clock. */
    serverMs: number;
    selectMs: number;
    workingSetTokens: number;
    tokensReused: number;
    tokensMoved: number;
    tokensDrafted: number;
    tokensAccepted: number;
  };
  /** Absent where LeoAM did not turn to the model because no suggestion was wanted there. */
  peers?: { withContext: Sample; without: Sample };
}

export interface Spread {
  median: number;
  p95: number;
}

export interface SystemReport {
  n: number;
  ttftMs: Spread;
  totalMs: Spread;
  /** Over the requests. */
  medianTokensComputed: number;
  meanTokensComputed: number;
  medianTokensDecoded: number;
}

interface Figures {
  n: number;
  /** Median over the requests of the peer's time to the whole suggestion over LeoAM's. */
  medianSpeedupOverPeerWithContext: number;
  medianSpeedupOverPeerWithout: number;
  medianTokensComputedPerRequest: number;
  medianTokensDecoded: number;
  /** LeoAM's whole suggestions. */
  leoamTotalMs: Spread;
}

export interface SessionReport extends Figures {
  /** Without those that were answered from what an earlier request had written. */
  computedOnly: Figures | null;
  systems: Record<'leoam' | 'peerWithContext' | 'peerWithout', SystemReport>;
  /** Of LeoAM, by its own clock; choosing what the model sees is a part of it. */
  leoamServerMs: Spread;
  leoamSelectMs: Spread;
  medianWorkingSetTokens: number;
  tokensDrafted: number;
  tokensAccepted: number;
  /** Shares of all requests; of dropped ones by reason. */
  outcomes: Record<string, number>;
}

type Answered = PlayedRequest & Required<Pick<PlayedRequest, 'peers'>>;

/** The model was asked, or would have been if its words had not been there already. */
export function isAnswered({ outcome, counters }: CompletionRecord): boolean {
  return outcome !== 'dropped' || counters.tokensComputed > 0 || counters.tokensDecoded > 0;
}

export function leoamSample(
  { counters, timings }: CompletionRecord,
  totalMs: number,
): PlayedRequest['leoam'] {
  const { tokensComputed, tokensDecoded, workingSetTokens } = counters;
  const { tokensReused, tokensMoved, tokensDrafted, tokensAccepted } = counters;
  return {
    ...{ ttftMs: timings.ttftMs, totalMs, tokensComputed, tokensDecoded, workingSetTokens },
    ...{ tokensReused, tokensMoved, tokensDrafted, tokensAccepted },
    ...{ serverMs: timings.totalMs, selectMs: timings.selectMs },
  };
}

export function peerSample(completion: Completion): Sample {
  const { ttftMs, totalMs, tokensComputed, tokensDecoded } = completion;
  return { ttftMs, totalMs, tokensComputed, tokensDecoded };
}

/** Null where no request was answered. */
export function sessionReport(played: readonly PlayedRequest[]): SessionReport | null {
  const answered = played.filter((row): row is Answered => row.peers !== undefined);
  if (answered.length === 0) {
    return null;
  }
  const computed = answered.filter(({ outcome }) => outcome !== 'kept');
  const leoam = answered.map((row) => row.leoam);
  const sum = (key: 'tokensDrafted' | 'tokensAccepted'): number =>
    leoam.reduce((total, row) => total + row[key], 0);
  return {
    ...figures(answered),
    computedOnly: computed.length === 0 ? null : figures(computed),
    systems: {
      leoam: systemReport(leoam),
      peerWithContext: systemReport(answered.map(({ peers }) => peers.withContext)),
      peerWithout: systemReport(answered.map(({ peers }) => peers.without)),
    },
    leoamServerMs: spread(leoam.map(({ serverMs }) => serverMs)),
    leoamSelectMs: spread(leoam.map(({ selectMs }) => selectMs)),
    medianWorkingSetTokens: median(leoam.map(({ workingSetTokens }) => workingSetTokens)),
    tokensDrafted: sum('tokensDrafted'),
    tokensAccepted: sum('tokensAccepted'),
    outcomes: outcomes(played),
  };
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), p95: percentile(values, 95) };
}

function figures(rows: readonly Answered[]): Figures {
  return {
    n: rows.length,
    medianSpeedupOverPeerWithContext: median(
      rows.map(({ leoam, peers }) => peers.withContext.totalMs / leoam.totalMs),
    ),
    medianSpeedupOverPeerWithout: median(
      rows.map(({ leoam, peers }) => peers.without.totalMs / leoam.totalMs),
    ),
    medianTokensComputedPerRequest: median(rows.map(({ leoam }) => leoam.tokensComputed)),
    medianTokensDecoded: median(rows.map(({ leoam }) => leoam.tokensDecoded)),
    leoamTotalMs: spread(rows.map(({ leoam }) => leoam.totalMs)),
  };
}

function systemReport(samples: readonly Sample[]): SystemReport {
  const computed = samples.map(({ tokensComputed }) => tokensComputed);
  return {
    n: samples.length,
    ttftMs: spread(samples.map(({ ttftMs }) => ttftMs)),
    totalMs: spread(samples.map(({ totalMs }) => totalMs)),
    medianTokensComputed: median(computed),
    meanTokensComputed: mean(computed),
    medianTokensDecoded: median(samples.map(({ tokensDecoded }) => tokensDecoded)),
  };
}

function outcomes(played: readonly PlayedRequest[]): Record<string, number> {
  const names = played.map(({ outcome, reason }) =>
    reason === undefined ? outcome : `${outcome}: ${reason}`,
  );
  return Object.fromEntries(
    [...new Set(names)]
      .sort()
      .map((name) => [name, names.filter((other) => other === name).length / names.length]),
  );
}
