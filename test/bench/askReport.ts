// From single questions to the figures of the ask bench.

import type { AskCounters, AskTimings } from '../../server/chat/asked.js';
import type { ServerSample } from './serverBaseline.js';
import { median, percentile } from './statistics.js';

/** One question in one process. */
export interface Asked
  extends Omit<AskCounters, 'repoTokens' | 'tokensDecoded'>,
    Pick<AskTimings, 'selectMs' | 'ttftMs'> {
  id: string;
  variant: string;
  loadMs: number;
}

export interface Spread {
  median: number;
  p95: number;
}

export interface ModeReport {
  n: number;
  ttftMs: Spread;
  selectMs: Spread;
  /** Medians over the questions. */
  tokensComputed: number;
  tokensReused: number;
  tokensRepaired: number;
  workingSetTokens: number;
  bytesFromDisk: number;
  /** The largest over the questions: 0 when nothing of the repository was read again. */
  repoTokensComputed: number;
}

/** Medians of ratios question by question; absent where no question allows them. */
export interface Ratios {
  /** `rag` over `leoam` where nothing was repaired, and where something was. */
  ragOverLeoam?: number;
  ragOverLeoamRepaired?: number;
  /** `leoam` over the question without any evidence, where nothing was repaired. */
  leoamOverBareQuestion?: number;
  /** Where something was repaired: over the question and as many tokens as were repaired, at the speed of `rag`'s prefill. */
  leoamOverBareAndRepaired?: number;
  fullOverLeoam?: number;
}

export interface RepoReport {
  repo: string;
  repoTokens: number;
  modes: Record<string, ModeReport>;
  ratios: Ratios;
}

export function repoReport(repo: string, repoTokens: number, asked: readonly Asked[]): RepoReport {
  const variants = [...new Set(asked.map(({ variant }) => variant))];
  return {
    repo,
    repoTokens,
    modes: Object.fromEntries(
      variants.map((name) => [name, modeReport(asked.filter(({ variant }) => variant === name))]),
    ),
    ratios: ratios(asked),
  };
}

function modeReport(rows: readonly Asked[]): ModeReport {
  const middle = (pick: (row: Asked) => number): number => median(rows.map(pick));
  return {
    n: rows.length,
    ttftMs: spread(rows.map(({ ttftMs }) => ttftMs)),
    selectMs: spread(rows.map(({ selectMs }) => selectMs)),
    tokensComputed: middle((row) => row.tokensComputed),
    tokensReused: middle((row) => row.tokensReused),
    tokensRepaired: middle((row) => row.tokensRepaired),
    workingSetTokens: middle((row) => row.workingSetTokens),
    bytesFromDisk: middle((row) => row.bytesFromDisk),
    repoTokensComputed: Math.max(...rows.map((row) => row.repoTokensComputed)),
  };
}

function ratios(asked: readonly Asked[]): Ratios {
  const find = (id: string, variant: string): Asked | undefined =>
    asked.find((row) => row.id === id && row.variant === variant);
  const values: Record<keyof Ratios, number[]> = {
    ragOverLeoam: [],
    ragOverLeoamRepaired: [],
    leoamOverBareQuestion: [],
    leoamOverBareAndRepaired: [],
    fullOverLeoam: [],
  };
  // A question counts as repaired or not; `leoam:repair=0` adds those that are repaired by default.
  for (const leoam of asked.filter(({ variant }) => /^leoam(:repair=0)?$/.test(variant))) {
    const repaired = leoam.tokensRepaired > 0;
    const plain = find(leoam.id, 'leoam');
    if (leoam.variant !== 'leoam' && plain?.tokensRepaired === 0) {
      continue; // the same run twice
    }
    const rag = find(leoam.id, 'rag');
    const bare = find(leoam.id, 'none');
    const full = find(leoam.id, 'full');
    if (rag !== undefined) {
      values[repaired ? 'ragOverLeoamRepaired' : 'ragOverLeoam'].push(rag.ttftMs / leoam.ttftMs);
    }
    if (bare !== undefined && !repaired) {
      values.leoamOverBareQuestion.push(leoam.ttftMs / bare.ttftMs);
    }
    if (bare !== undefined && rag !== undefined && repaired) {
      const msPerToken = (rag.ttftMs - bare.ttftMs) / Math.max(1, rag.workingSetTokens);
      const least = bare.ttftMs + msPerToken * leoam.tokensRepaired;
      values.leoamOverBareAndRepaired.push(leoam.ttftMs / least);
    }
    if (full !== undefined && leoam.variant === 'leoam') {
      values.fullOverLeoam.push(full.ttftMs / leoam.ttftMs);
    }
  }
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => [name, median(list)]),
  );
}

/** llama.cpp's server with its restored prompt cache beside `leoam` on the same repository. */
export function summarizeServer(
  samples: readonly ServerSample[],
  report: RepoReport | undefined,
): object {
  const leoam = report?.modes['leoam']?.ttftMs.median;
  const total = spread(samples.map(({ totalMs }) => totalMs));
  return {
    n: samples.length,
    restoreMs: spread(samples.map(({ restoreMs }) => restoreMs)),
    ttftMs: spread(samples.map(({ ttftMs }) => ttftMs)),
    totalMs: total,
    tokensComputed: median(samples.map(({ tokensComputed }) => tokensComputed)),
    serverOverLeoam: leoam === undefined ? null : total.median / leoam,
  };
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), p95: percentile(values, 95) };
}
