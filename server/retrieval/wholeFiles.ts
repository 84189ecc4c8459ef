// Of a repository that is larger than the window, the files that fit it: whole, those first
// that hold the best passages for the question.

import type { SegmentPlan } from '../index/types.js';
import type { PassageSource } from './source.js';

/** Passages that rank files; files without one come after the others, in their old order. */
const rankedPassages = 1000;

/** Segments of the chosen files within `room` tokens, the best file's last, next to the question. */
export async function filesThatFit(
  source: Pick<PassageSource, 'search'>,
  question: string,
  segments: readonly SegmentPlan[],
  room: number,
): Promise<SegmentPlan[]> {
  const byPath = new Map<string, SegmentPlan[]>();
  for (const segment of segments) {
    byPath.set(segment.path, [...(byPath.get(segment.path) ?? []), segment]);
  }
  const found = (await source.search(question, rankedPassages)).map(({ passage }) => passage.path);
  const chosen: SegmentPlan[][] = [];
  let left = room;
  for (const path of new Set([...found, ...byPath.keys()])) {
    const file = byPath.get(path) ?? [];
    const tokens = file.reduce((sum, segment) => sum + segment.tokens.length, 0);
    if (file.length > 0 && tokens <= left) {
      chosen.unshift(file);
      left -= tokens;
    }
  }
  return chosen.flat();
}
