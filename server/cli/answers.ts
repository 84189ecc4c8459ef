// Judging an answer by the strings that a right answer contains.

/** Lower case, no quotes and backticks, single spaces, no separators in numbers. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[`'"‘’“”]/gu, '')
    .replace(/(\d)[,_](?=\d{3}(?!\d))/gu, '$1')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** True when the answer contains the expected text; a number must not be part of a longer number. */
export function containsAnswer(answer: string, expected: string): boolean {
  const text = normalizeAnswer(answer);
  const wanted = normalizeAnswer(expected);
  if (wanted === '') {
    return false;
  }
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const before = text.slice(0, at);
    const after = text.slice(at + wanted.length);
    const cutsNumberBefore = /^\d/u.test(wanted) && /(\d|\d\.)$/u.test(before);
    const cutsNumberAfter = /\d$/u.test(wanted) && /^(\d|\.\d)/u.test(after);
    if (!cutsNumberBefore && !cutsNumberAfter) {
      return true;
    }
  }
  return false;
}

export interface Expected {
  /** Any of these. */
  answers?: readonly string[] | undefined;
  /** All of these. */
  mustAll?: readonly string[] | undefined;
}

/** True when any of `answers` (where given) and all of `mustAll` (where given) occur. */
export function isCorrect(answer: string, { answers, mustAll }: Expected): boolean {
  const any = answers === undefined || answers.some((text) => containsAnswer(answer, text));
  const all = mustAll === undefined || mustAll.every((text) => containsAnswer(answer, text));
  return any && all;
}

/** The text whose likelihood is measured: the first accepted answer. */
export function goldText({ answers, mustAll }: Expected): string {
  return answers?.[0] ?? mustAll?.join('` and `') ?? '';
}
