// From single filled holes to the figures of the fill bench: each mode by kind of hole, and
// paired differences between modes.

import type { HoleKind } from './holes.js';
import { mean, median, pairedInterval, type Interval } from './statistics.js';

export interface FilledHole {
  /** Names the hole among all. */
  id: string;
  repo: string;
  kind: HoleKind;
  /** As `leoam complete --mode` has it. */
  mode: string;
  isExact: boolean;
  /** Of a hole that begins within a name: it goes on with the rest of that, and no more of it. */
  isNameRight?: boolean;
  /** 0..1. */
  editSimilarity: number;
  /** Natural, a token; absent where nothing was written. */
  meanLogProbability?: number;
  /** Of what was expected: negative log likelihood, natural, a token. */
  goldNll?: number;
  ttftMs: number;
  totalMs: number;
  tokensComputed: number;
}

export interface FillFigures {
  n: number;
  exact: number;
  /** Right names, where holes begin within one. */
  names?: number;
  meanEditSimilarity: number;
  meanGoldNll: number | null;
  medianTtftMs: number;
  medianTotalMs: number;
  medianTokensComputed: number;
}

/** One mode minus another over the holes that both filled. */
export interface FillDifference {
  exactPoints: Interval;
  /** Where holes begin within a name. */
  namePoints?: Interval;
  /** In hundredths. */
  editSimilarity: Interval;
  /** Nats a token; negative is better. Of those for which both were judged. */
  goldNll: Interval | null;
}

/** What would be shown, if a suggestion had to be so likely. */
export interface Threshold {
  minMeanLogProbability: number;
  /** Shares of all holes, of those shown, and of those that are right. */
  shown: number;
  rightOfShown: number;
  keptOfRight: number;
  /** Of those shown. */
  meanEditSimilarity: number;
}

export interface FillReport {
  modes: Record<string, Record<string, FillFigures>>;
  differences: Record<string, Record<string, FillDifference>>;
  /** Of LeoAM's own mode. */
  thresholds: Threshold[];
}

/** What the others are compared with. */
const own = 'leoam';
const triedThresholds = [-0.3, -0.5, -0.7, -0.9, -1.2, -1.6, -2, -3];

export function fillReport(filled: readonly FilledHole[], modes: readonly string[]): FillReport {
  const of = (mode: string): FilledHole[] => filled.filter((hole) => hole.mode === mode);
  const compared = modes.includes(own) ? modes.filter((mode) => mode !== own) : [];
  return {
    modes: Object.fromEntries(modes.map((mode) => [mode, byKind(of(mode), figures)])),
    differences: Object.fromEntries(
      compared.map((mode) => [`${own} - ${mode}`, byKind(paired(of(own), of(mode)), difference)]),
    ),
    thresholds: triedThresholds.flatMap((least) => threshold(of(own), least)),
  };
}

/** Nothing where none would be shown. */
function threshold(rows: readonly FilledHole[], minMeanLogProbability: number): Threshold[] {
  const shown = rows.filter(
    ({ meanLogProbability = -Infinity }) => meanLogProbability >= minMeanLogProbability,
  );
  if (shown.length === 0) {
    return [];
  }
  const right = (some: readonly FilledHole[]): number =>
    some.filter(({ isExact }) => isExact).length;
  return [
    {
      minMeanLogProbability,
      shown: shown.length / rows.length,
      rightOfShown: right(shown) / shown.length,
      keptOfRight: right(shown) / Math.max(1, right(rows)),
      meanEditSimilarity: mean(shown.map(({ editSimilarity }) => editSimilarity)),
    },
  ];
}

/** `make` over all, over those that need another file and those that do not, over lines and blocks, and over each kind. */
function byKind<T extends { kind: HoleKind }, R>(
  rows: readonly T[],
  make: (rows: readonly T[]) => R,
): Record<string, R> {
  const halves = ['cross-file', 'local', 'line', 'block'];
  const kinds = [...new Set(rows.map(({ kind }) => kind))].sort();
  const groups: [string, readonly T[]][] = [
    ['all', rows],
    ...halves.map((half): [string, readonly T[]] => [
      half,
      rows.filter(({ kind }) => kind.split(' ').includes(half)),
    ]),
    ...kinds.map((kind): [string, readonly T[]] => [kind, rows.filter((row) => row.kind === kind)]),
  ];
  return Object.fromEntries(
    groups.filter(([, group]) => group.length > 0).map(([name, group]) => [name, make(group)]),
  );
}

function figures(rows: readonly FilledHole[]): FillFigures {
  const nll = rows.flatMap(({ goldNll }) => goldNll ?? []);
  return {
    n: rows.length,
    exact: rows.filter(({ isExact }) => isExact).length,
    ...(rows.some(({ isNameRight }) => isNameRight !== undefined)
      ? { names: rows.filter(({ isNameRight }) => isNameRight).length }
      : {}),
    meanEditSimilarity: mean(rows.map(({ editSimilarity }) => editSimilarity)),
    meanGoldNll: nll.length === 0 ? null : mean(nll),
    medianTtftMs: median(rows.map(({ ttftMs }) => ttftMs)),
    medianTotalMs: median(rows.map(({ totalMs }) => totalMs)),
    medianTokensComputed: median(rows.map(({ tokensComputed }) => tokensComputed)),
  };
}

interface Pair {
  kind: HoleKind;
  one: FilledHole;
  other: FilledHole;
}

function paired(rows: readonly FilledHole[], against: readonly FilledHole[]): Pair[] {
  const byId = new Map(against.map((row) => [row.id, row]));
  return rows.flatMap((one) => {
    const other = byId.get(one.id);
    return other === undefined ? [] : [{ kind: one.kind, one, other }];
  });
}

function difference(pairs: readonly Pair[]): FillDifference {
  const nll = pairs.flatMap(({ one, other }) =>
    one.goldNll === undefined || other.goldNll === undefined ? [] : one.goldNll - other.goldNll,
  );
  return {
    exactPoints: pairedInterval(
      pairs.map(({ one, other }) => 100 * (Number(one.isExact) - Number(other.isExact))),
    ),
    ...(pairs.some(({ one }) => one.isNameRight !== undefined)
      ? {
          namePoints: pairedInterval(
            pairs.map(
              ({ one, other }) => 100 * (Number(one.isNameRight) - Number(other.isNameRight)),
            ),
          ),
        }
      : {}),
    editSimilarity: pairedInterval(
      pairs.map(({ one, other }) => 100 * (one.editSimilarity - other.editSimilarity)),
    ),
    goldNll: nll.length === 0 ? null : pairedInterval(nll),
  };
}
