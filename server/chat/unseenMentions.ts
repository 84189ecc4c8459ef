// Files and folders that the user has named beside a question and that the answer cannot rest on.

import type { RepositoryIndex } from '../index/types.js';
import { isMentioned } from '../retrieval/mentioned.js';

/** Of them as many are named. */
const mostNamed = 3;

/**
 * A sentence for each, or undefined where all can be seen. `whole`: paths of a whole repository that
 * the answer rests on, where it does, and what was named when they were chosen.
 */
export function unseenMentions(
  { files, skipped }: Pick<RepositoryIndex, 'files' | 'skipped'>,
  mentioned: readonly string[],
  whole?: { paths: readonly string[]; mentioned: readonly string[] },
): string | undefined {
  const sentences = mentioned.flatMap((name) => {
    if (files.some(({ path }) => isMentioned(path, [name]))) {
      if (whole?.paths.some((path) => isMentioned(path, [name])) ?? true) {
        return [];
      }
      return whole?.mentioned.includes(name) === true
        ? [`The model's window has no room for ${name}.`]
        : [`${name} is not among the files that this chat rests on: ask in a new chat.`];
    }
    const reason = skipped.find(
      ({ path }) => path === name || (path.endsWith('/') && name.startsWith(path)),
    )?.reason;
    const why = reason ?? 'it holds no text, or is gone';
    return [`The answer does not rest on ${name}, which LeoAM does not read (${why}).`];
  });
  return sentences.length === 0 ? undefined : sentences.slice(0, mostNamed).join(' ');
}
