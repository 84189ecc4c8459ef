// How much a question gives away: the share of its content words that also stand in a text.
// Identifiers count by their parts, so `keepAlive` and "keep alive" are the same words.

const stopWords = new Set(
  (
    'a about after an and any are as at be been before between both but by can could do does did ' +
    'each else every for from get gets given goes has have how i if in into is it its itself of on ' +
    'one only or our out over own same so such than that the their them then there these this ' +
    'those to under up us used uses using was we what when where which while who whose why will ' +
    'with without would you your no not'
  ).split(' '),
);

/** Share (0 to 1) of the content words of `question` that occur in `text`. */
export function wordOverlap(question: string, text: string): number {
  const asked = contentWords(question);
  const present = contentWords(text);
  const shared = [...asked].filter((word) => present.has(word)).length;
  return asked.size === 0 ? 1 : shared / asked.size;
}

function contentWords(text: string): Set<string> {
  const parts = text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return new Set(parts.filter((part) => part.length > 1 && !stopWords.has(part)).map(singular));
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word;
}
