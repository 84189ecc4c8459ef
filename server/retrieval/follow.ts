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
 * Names that objects of every class have, or that a class may define for itself: where one is
 * mentioned, a definition elsewhere is not the one that is meant.
 */
const commonMembers = new Set([
  ...Object.getOwnPropertyNames(Object.prototype), // constructor, toString, hasOwnProperty, …
  ...['prototype', 'toJSON', '__construct', '__toString'],
  ...['equals', 'hashCode', 'compareTo', 'Equals', 'GetHashCode', 'ToString'],
  ...['initialize', 'to_s', 'inspect'],
]);

/** Python's and others' `__init__`, `__str__`, `__file__`. */
const reservedName = /^__\w+__$/;

/**
 * Passages that define what the question and the first passages mention, the most promising
 * first, none of them among `chosen`. Names of the question come first, then names on lines
 * that share words with the question, then the order of the passages. A plain
 * word counts one less. `from`: the file that the question stands in, of which the imports tell
 * which of several definitions of a name is meant.
 */
export async function followSymbols(
  source: FollowSource,
  question: string,
  chosen: readonly Passage[],
  limit: number,
  from?: string,
): Promise<FollowedPassage[]> {
  if (limit <= 0) {
    return [];
  }
  const taken = new Set(chosen.map((passage) => passage.id));
  const followed: FollowedPassage[] = [];
  for (const { name, definitions } of await mentions(source, question, chosen, from)) {
    const passages = definitions.flatMap(
      ({ path, startLine }) => source.passageAt(path, startLine) ?? [],
    );
    const first = passages[0];
    if (first === undefined || passages.some((passage) => taken.has(passage.id))) {
      continue;
    }
    taken.add(first.id);
    followed.push({ passage: first, name });
    if (followed.length === limit) {
      break;
    }
  }
  return followed;
}

export type FollowSource = Pick<
  PassageSource,
  'definitionsOf' | 'passageAt' | 'importsOf' | 'passageText'
>;

/**
 * A word of the language, such as `handler`, `has` or `Reply`: where it is not written as code, it
 * is rather a word than the name of what happens to be called so somewhere.
 */
function isPlain(name: string): boolean {
  return /^\p{Lu}?\p{Ll}+$/u.test(name);
}

/** Between backticks, or called, in a text that is not code. */
function isCode(name: string, text: string): boolean {
  return new RegExp(`\`[^\`]*\\b${name}\\b[^\`]*\`|\\b${name}\\(`, 'u').test(text);
}

interface Mention {
  name: string;
  definitions: readonly SymbolDefinition[];
  weight: number;
}

async function mentions(
  source: FollowSource,
  question: string,
  chosen: readonly Passage[],
  from: string | undefined,
): Promise<Mention[]> {
  const found = new Map<string, Mention>();
  const add = (name: string, weight: number, path?: string): void => {
    if (commonMembers.has(name) || reservedName.test(name)) {
      return;
    }
    const known = found.get(name);
    if (known !== undefined) {
      known.weight = Math.max(known.weight, weight);
      return;
    }
    const definitions = likelyDefinitions(source, name, path);
    // Tables of errors or symbols are named on many lines that the question is not about.
    if (weight < 1 && definitions.every(({ kind }) => kind === 'property')) {
      return;
    }
    if (definitions.length > 0 && definitions.length <= ambiguousDefinitions) {
      found.set(name, { name, definitions, weight });
    }
  };

  const words = contentWords(question);
  for (const name of identifiersOf(question)) {
    add(name, isPlain(name) && !isCode(name, question) ? 1 : 1 + words.size, from);
  }
  for (const passage of chosen) {
    for (const line of (await source.passageText(passage)).split('\n')) {
      const shared = [...contentWords(line)].filter((word) => words.has(word)).length;
      for (const name of identifiersOf(line)) {
        add(name, isPlain(name) ? shared - 1 : shared, passage.path);
      }
    }
  }
  // Sorting is stable: equal weights keep the order in which the passages mention them.
  return [...found.values()].sort((a, b) => b.weight - a.weight);
}

/** Of several definitions those in the mentioning file or in what it imports, where there are any. */
function likelyDefinitions(
  source: FollowSource,
  name: string,
  mentionedIn: string | undefined,
): readonly SymbolDefinition[] {
  const all = source.definitionsOf(name);
  if (all.length <= 1 || mentionedIn === undefined) {
    return all;
  }
  const near = new Set([mentionedIn, ...source.importsOf(mentionedIn)]);
  const visible = all.filter((definition) => near.has(definition.path));
  return visible.length > 0 ? visible : all;
}
