// Files of holes to fill in: one JSON object a line.

import { z } from 'zod';
import { readJsonLines } from './jsonLines.js';

const holeSchema = z
  .object({
    /** Relative to the repository, with forward slashes. */
    path: z.string().min(1),
    startByte: z.int().min(0),
    endByte: z.int().min(0),
    /** What stood there. */
    expected: z.string().min(1),
  })
  .refine(({ startByte, endByte }) => startByte <= endByte, {
    message: 'endByte lies before startByte',
  });

export type Hole = z.infer<typeof holeSchema>;

/** Throws "invalid-input" with a sentence that names file and line. */
export function readHoles(path: string): Promise<Hole[]> {
  return readJsonLines(path, holeSchema, 'holes');
}

/** 1 for equal texts, 0 for texts that share nothing: edits over the longer one's length. */
export function editSimilarity(a: string, b: string): number {
  const longest = Math.max(a.length, b.length);
  return longest === 0 ? 1 : 1 - editDistance(a, b) / longest;
}

function editDistance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  return before[b.length] ?? 0;
}
