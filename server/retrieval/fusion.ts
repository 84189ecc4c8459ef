// Reciprocal rank fusion: rankings whose scores cannot be compared are joined by place.

/** Larger values give less weight to the first places. 60 is the usual choice; 10 to 60 made no difference. */
const rankConstant = 60;

/**
 * Joins rankings of the same kind of item, best first. An item that a ranking lacks gets
 * nothing from it. Ties keep the order of the first ranking.
 */
export function fuseRankings<T>(
  rankings: readonly (readonly T[])[],
  idOf: (item: T) => number,
): T[] {
  const scores = new Map<number, { item: T; score: number }>();
  for (const ranking of rankings) {
    ranking.forEach((item, place) => {
      const id = idOf(item);
      const entry = scores.get(id) ?? { item, score: 0 };
      entry.score += 1 / (rankConstant + place + 1);
      scores.set(id, entry);
    });
  }
  return [...scores.values()].sort((a, b) => b.score - a.score).map((entry) => entry.item);
}

/** Items ordered by a score each, best first; those without a score (NaN) are left out. */
export function rankByScores<T>(items: readonly T[], scores: ArrayLike<number>): T[] {
  return items
    .map((item, i) => ({ item, score: scores[i] ?? NaN }))
    .filter((entry) => !Number.isNaN(entry.score))
    .sort((a, b) => b.score - a.score)
    .map((entry) => entry.item);
}
