// Following symbols: what the best passages mention and another passage defines. Brings the
// second file of a question that names only the first one.

import type { Passage, SymbolDefinition } from '../index/types.js';
import type { PassageSource } from './source.js';
import { contentWords, identifiersOf } from './words.js';

export interface FollowedPassage {
  passage: Passage;
  /** The symbol that led here. */
  name: string;
}

/** A name with more definitions than this says little about which one is meant. */
const ambiguousDefinitions = 4;

/**
 * Passages that define what the question and the first passages mention, the most promising
 * first, none of them among `chosen`. Names of the question come first, then names on lines
 * that share words with the question, then the order of the passages.
 */
export function followSymbols(
  source: Pick<PassageSource, 'definitionsOf' | 'passagesOf' | 'textOf'>,
  question: string,
  chosen: readonly Passage[],
  limit: number,
): FollowedPassage[] {
  const taken = new Set(chosen.map((passage) => passage.id));
  const followed: FollowedPassage[] = [];
  for (const mention of mentions(source, question, chosen)) {
    if (followed.length >= limit) {
      break;
    }
    const passages = definingPassages(source, mention.definitions);
    const first = passages[0];
    if (first !== undefined && !passages.some((passage) => taken.has(passage.id))) {
      taken.add(first.id);
      followed.push({ passage: first, name: mention.name });
    }
  }
  return followed;
}

interface Mention {
  name: string;
  definitions: readonly SymbolDefinition[];
  weight: number;
}

function mentions(
  source: Pick<PassageSource, 'definitionsOf' | 'textOf'>,
  question: string,
  chosen: readonly Passage[],
): Mention[] {
  const found = new Map<string, Mention>();
  const add = (name: string, weight: number): void => {
    const known = found.get(name);
    if (known !== undefined) {
      known.weight = Math.max(known.weight, weight);
      return;
    }
    const definitions = source.definitionsOf(name);
    if (definitions.length > 0 && definitions.length <= ambiguousDefinitions) {
      found.set(name, { name, definitions, weight });
    }
  };

  const words = contentWords(question);
  for (const name of identifiersOf(question)) {
    add(name, 1 + words.size);
  }
  for (const passage of chosen) {
    for (const line of source.textOf(passage.path, passage.startLine, passage.endLine).split('\n')) {
      const shared = [...contentWords(line)].filter((word) => words.has(word)).length;
      for (const name of identifiersOf(line)) {
        add(name, shared);
      }
    }
  }
  // Sorting is stable: equal weights keep the order in which the passages mention them.
  return [...found.values()].sort((a, b) => b.weight - a.weight);
}

function definingPassages(
  source: Pick<PassageSource, 'passagesOf'>,
  definitions: readonly SymbolDefinition[],
): Passage[] {
  return definitions.flatMap(
    ({ path, startLine }) =>
      source
        .passagesOf(path)
        .find((passage) => passage.startLine <= startLine && startLine <= passage.endLine) ?? [],
  );
}
