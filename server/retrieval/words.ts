// Words and identifiers of questions and code. Used to follow symbols, not to search: the
// lexical index splits words in its own way.

/** Words that say nothing about which line of code is meant. */
const commonWords = new Set(
  (
    'a an and are as at be by can do does for from has have how if in into is it its of on or ' +
    'that the then this to use used uses using was what when where which who why will with ' +
    'file files function class method value default return returns name code'
  ).split(' '),
);

const identifier = /[\p{ID_Start}_$][\p{ID_Continue}$]*/gu;

/** Identifiers of a text in the order of their first appearance. */
export function identifiersOf(text: string): string[] {
  return [...new Set(text.match(identifier) ?? [])];
}

/** Lower-case words of a text, identifiers split at case and underscores, common words left out. */
export function contentWords(text: string): Set<string> {
  const words = new Set<string>();
  for (const name of text.match(identifier) ?? []) {
    for (const word of splitIdentifier(name)) {
      if (word.length > 1 && !commonWords.has(word)) {
        words.add(word);
      }
    }
  }
  return words;
}

/** `maxRetryCount`, `MAX_RETRY_COUNT` -> max retry count. */
export function splitIdentifier(name: string): string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[\s_$]+/u)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}
