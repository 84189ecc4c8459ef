// Files and folders that the user has named beside a question and that the answer cannot rest on.

import type { RepositoryIndex } from '../index/types.js';
import { isMentioned } from '../retrieval/mentioned.js';

/** Of them as many are named. */
const mostNamed = 3;

/**
 * A sentence for each, or undefined where all can be seen. `whole`: paths of a whole repository that
 * the answer rests on, where it does.
 */
export function unseenMentions(
  { files, skipped }: Pick<RepositoryIndex, 'files' | 'skipped'>,
  mentioned: readonly string[],
  whole?: readonly string[],
): string | undefined {
  const sentences = mentioned.flatMap((name) => {
    if (files.some(({ path }) => isMentioned(path, [name]))) {
      const isSeen = whole?.some((path) => isMentioned(path, [name])) ?? true;
      return isSeen
        ? []
        : [`The window has no room for ${name} beside what this chat rests on: ask in a new chat.`];
    }
    const reason = skipped.find(
      ({ path }) => path === name || (path.endsWith('/') && name.startsWith(path)),
    )?.reason;
    const why = reason === undefined ? 'it holds no text, or is gone' : reason;
    return [`The answer does not rest on ${name}, which LeoAM does not read (${why}).`];
  });
  return sentences.length === 0 ? undefined : sentences.slice(0, mostNamed).join(' ');
}
