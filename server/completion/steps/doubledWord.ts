// Behind the first letters of a name, a model may begin anew with letters that stand there: tokens
// of a half name are not those of the whole one. What would be there twice is left out, where the
// document has the name that comes of it, and not the other.

import { cursorLine } from './cursorLine.js';
import type { Step } from '../place.js';

const letter = String.raw`[\p{L}\p{N}_$]`;
const atEnd = new RegExp(String.raw`(?<!${letter})(?!\p{N})${letter}+$`, 'u'); // no number
const atStart = new RegExp(`^${letter}+`, 'u');

export const doubledWord: Step = (suggested, place) => {
  const begun = atEnd.exec(cursorLine(place).before)?.[0] ?? '';
  const written = atStart.exec(suggested.text)?.[0] ?? '';
  for (let length = Math.min(begun.length, written.length - 1); length > 0; length--) {
    const rest = written.slice(length);
    if (
      begun.endsWith(written.slice(0, length)) &&
      hasWord(place.text, begun + rest) &&
      !hasWord(place.text, begun + written)
    ) {
      return { ...suggested, text: suggested.text.slice(length) };
    }
  }
  return suggested;
};

function hasWord(text: string, word: string): boolean {
  const escaped = word.replaceAll('$', String.raw`\$`);
  return new RegExp(`(?<!${letter})${escaped}(?!${letter})`, 'u').test(text);
}
