// Of a repository that is larger than the window, the files that fit it: whole, those first
// that are named beside the question, then those that hold the best passages for it.

import type { SegmentPlan } from '../index/types.js';
import { isMentioned } from './mentioned.js';
import type { PassageSource } from './source.js';

/** Passages that rank files; files without one come after the others, in their old order. */
const rankedPassages = 1000;

/** Segments of the chosen files within `room` tokens, the best file's last, next to the question. */
export async function filesThatFit(
  source: Pick<PassageSource, 'search'>,
  asked: { question: string; mentioned: readonly string[] },
  segments: readonly SegmentPlan[],
  room: number,
): Promise<SegmentPlan[]> {
  const byPath = new Map<string, SegmentPlan[]>();
  for (const segment of segments) {
    byPath.set(segment.path, [...(byPath.get(segment.path) ?? []), segment]);
  }
  const hits = await source.search(asked.question, rankedPassages);
  const found = hits.map(({ passage }) => passage.path);
  const named = [...found, ...byPath.keys()].filter((path) => isMentioned(path, asked.mentioned));
  const chosen: SegmentPlan[][] = [];
  let left = room;
  for (const path of new Set([...named, ...found, ...byPath.keys()])) {
    const file = byPath.get(path) ?? [];
    const tokens = file.reduce((sum, segment) => sum + segment.tokens.length, 0);
    if (file.length > 0 && tokens <= left) {
      chosen.unshift(file);
      left -= tokens;
    }
  }
  return chosen.flat();
}
