// Files and folders that the user has named beside the question: their passages come first,
// and a few of the rest of the repository keep their place after them.

import type { Passage } from '../index/types.js';
import type { PassageSource } from './source.js';

/** Passages from elsewhere that stay. */
const fromElsewhere = 2;

/** True when the path is one of the mentioned files or lies in a mentioned folder (`src/`). */
export function isMentioned(path: string, mentioned: readonly string[]): boolean {
  return mentioned.some((name) => (name.endsWith('/') ? path.startsWith(name) : path === name));
}

/**
 * At most `count` passages of what is mentioned, by rank where the question's words find them
 * and from the start of the files where they find none, then others.
 */
export function mentionedFirst(
  source: Pick<PassageSource, 'files' | 'passagesOf'>,
  ranked: readonly Passage[],
  mentioned: readonly string[],
  count: number,
): Passage[] {
  const found = ranked.filter(({ path }) => isMentioned(path, mentioned));
  const taken = new Set(found.map(({ id }) => id));
  const rest = source.files
    .filter(({ path }) => isMentioned(path, mentioned))
    .flatMap(({ path }) => source.passagesOf(path))
    .filter(({ id }) => !taken.has(id));
  const others = ranked.filter(({ path }) => !isMentioned(path, mentioned));
  return [...found, ...rest].slice(0, count).concat(others.slice(0, fromElsewhere));
}
