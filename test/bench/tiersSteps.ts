// How long single steps of bench tiers take, by when text came.

/**
 * `pieces`: of each answer that is written, when each piece of its text came, ms, oldest first.
 * Between two pieces of one answer lies a step, which the answers that are still being written share:
 * what it took is told over these, so that it is a token's time in one answer as in many.
 */
export function tokenTimes(pieces: readonly (readonly number[])[]): number[] {
  const ends = pieces.map((times) => times.at(-1) ?? -Infinity);
  return pieces.flatMap((times) =>
    times.slice(1).map((time, index) => {
      const begin = times[index] ?? time;
      const middle = (begin + time) / 2; // pieces of the same step come a little before or behind
      return (time - begin) / ends.filter((end) => end >= middle).length;
    }),
  );
}
