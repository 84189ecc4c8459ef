// Text to search terms, for passages and questions alike: identifiers whole and in parts,
// a light stem for the endings of English words, no stop words.

const IDENTIFIER = /[\p{L}\p{N}_$]+/gu;
const PARTS = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{N}+|[^\p{Lu}\p{Ll}\p{N}_$]+/gu;

/** Words that a question is built of and words that every file holds. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be been being but by can could did do does doing done for from had has have ' +
    'he her here how i if in into is it its itself just may me might more most must my no nor not of ' +
    'on or our out over own please same shall she should so some such than that the their them then ' +
    'there these they this those to too under until up us very was we were what when where which ' +
    'while who whom whose why will with would you your ' +
    'happen happens used using tell explain find show give given'
  ).split(' '),
);

/** Terms of a passage's text, with repeats. */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  for (const [identifier] of text.matchAll(IDENTIFIER)) {
    const whole = identifier.toLowerCase();
    const parts = identifier.match(PARTS) ?? [];
    if (parts.length > 1) {
      terms.push(whole);
    }
    for (const part of parts) {
      const term = stem(part.toLowerCase());
      if (term !== '' && !STOP_WORDS.has(part.toLowerCase())) {
        terms.push(term);
      }
    }
  }
  return terms;
}

/** Terms of a question, each once. */
export function queryTerms(question: string): string[] {
  return [...new Set(termsOf(question))];
}

/** Every identifier in a text, each once, in order of first use. */
export function identifiersIn(text: string): string[] {
  const found = new Set<string>();
  for (const [identifier] of text.matchAll(IDENTIFIER)) {
    if (!/^\p{N}/u.test(identifier)) {
      found.add(identifier);
    }
  }
  return [...found];
}

/** Cuts the commonest English endings, so that "retries", "retrying" and "retry" meet. */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) {
    return word;
  }
  let stemmed = word;
  if (/[^aeiou]ies$/.test(stemmed)) {
    stemmed = `${stemmed.slice(0, -3)}y`;
  } else if (/(ss|x|z|ch|sh)es$/.test(stemmed)) {
    stemmed = stemmed.slice(0, -2);
  } else if (/[^sui]s$/.test(stemmed)) {
    stemmed = stemmed.slice(0, -1);
  }
  if (/[^aeiou]ied$/.test(stemmed)) {
    stemmed = `${stemmed.slice(0, -3)}y`;
  }
  for (const ending of ['ing', 'ed', 'er', 'or']) {
    const base = stemmed.slice(0, -ending.length);
    if (stemmed.endsWith(ending) && base.length >= 3 && /[aeiouy]/.test(base)) {
      // "stopping" -> "stop", "parsing" and "parse" -> "pars".
      stemmed = /([^aeiouls])\1$/.test(base) ? base.slice(0, -1) : base;
      break;
    }
  }
  return stemmed.length > 3 && stemmed.endsWith('e') ? stemmed.slice(0, -1) : stemmed;
}
