// Which lines an answer rests on: the attention that each piece of evidence got while the
// answer was written, joined with its place in the ranking.

import type { Evidence } from '../retrieval/source.js';
import { evidenceName, type EarlierTurns, type Turn } from './turn.js';

export interface Source {
  path: string;
  startLine: number;
  endLine: number;
  /** 0..1; the sources of an answer add up to 1. */
  weight: number;
}

/** Halves: attention alone favours long passages, rank alone knows nothing of the answer. */
const attentionShare = 0.5;

/**
 * What an answer rests on, whether it came with this turn or with an earlier one. `partMass` is
 * that of all parts, the earlier turns' first; empty before there is an answer.
 */
export function citedBy(earlier: EarlierTurns, turn: Turn, partMass: readonly number[]): Source[] {
  const sourceOf = [...earlier.parts.map(() => -1), ...turn.sourceOf];
  turn.heldSources.forEach((source, index) => {
    for (const part of earlier.evidence.get(evidenceName(source)) ?? []) {
      sourceOf[part] = turn.sources.length + index;
    }
  });
  return citations([...turn.sources, ...turn.heldSources], sourceOf, partMass);
}

/**
 * Sources of an answer, the weightiest first. `partMass` has one number for each part;
 * `sourceOf[i]` says to which source part i belongs, -1 to none.
 */
export function citations(
  sources: readonly Evidence[],
  sourceOf: readonly number[],
  partMass: readonly number[],
): Source[] {
  const mass = sources.map(() => 0);
  sourceOf.forEach((source, part) => {
    if (source >= 0) {
      mass[source] = (mass[source] ?? 0) + (partMass[part] ?? 0);
    }
  });
  const attention = shares(mass);
  const ranking = shares(sources.map(({ rank }) => 1 / (1 + rank)));
  return sources
    .map(({ path, startLine, endLine }, i) => ({
      path,
      startLine,
      endLine,
      weight:
        attention === undefined
          ? (ranking?.[i] ?? 0)
          : attentionShare * (attention[i] ?? 0) + (1 - attentionShare) * (ranking?.[i] ?? 0),
    }))
    .sort((a, b) => b.weight - a.weight);
}

/** Parts of the whole; undefined when there is nothing to share out. */
function shares(values: readonly number[]): number[] | undefined {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum > 0 ? values.map((value) => value / sum) : undefined;
}
