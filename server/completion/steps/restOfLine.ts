// Where text stands behind the cursor in its line, a suggestion may write that once more: then
// it takes its place. VS Code shows such a suggestion where it has what it replaces, in order.

import { cursorLine, isBlank } from './cursorLine.js';
import { cursorState, missingClosers, type CursorState } from './cursorState.js';
import { isAutoClosed } from '../extent.js';
import { closerFor, lex, type Closing, type Opening } from './lexer.js';
import type { Step, Suggested } from '../place.js';

export const restOfLine: Step = (suggested, place) => {
  const { behind } = cursorLine(place);
  if (isBlank(behind) || suggested.replaced > 0) {
    return suggested;
  }
  const state = cursorState(place);
  const better = isAutoClosed(behind)
    ? overClosers(suggested.text, behind, state, missingClosers(place, state))
    : overRest(suggested.text, behind, state);
  const replaced = behind.slice(0, better.replaced);
  return better.text === replaced || isBlank(better.text) ? 'repeatsText' : better;
};

/** The first line ends with the rest, or writes more closing brackets behind it. */
function overRest(text: string, behind: string, state: CursorState): Suggested {
  const rest = behind.trim();
  const line = text.split('\n', 1)[0] ?? '';
  const at = line.lastIndexOf(rest);
  const isWritten = at >= 0 && /^[\s)\]};,]*$/.test(line.slice(at + rest.length));
  // A rest within brackets of the suggestion is its own, unless it closes what stands nowhere.
  const { opened } = lex(line.slice(0, Math.max(at, 0)), state.languageId, state.open);
  const closing = lex(behind, state.languageId, state.open).closed[0];
  const isOwn = opened.length > 0 && (!closing || closing.opening === state.open.at(-1));
  return { text, replaced: isWritten && !isOwn ? behind.length : 0 };
}

/**
 * Closing brackets and quotes that an editor wrote: as many as the suggestion closes itself, once
 * it has closed those that are `missing`.
 */
function overClosers(text: string, behind: string, state: CursorState, missing: number): Suggested {
  const written = lex(text, state.languageId, state.open);
  const closed = written.closed.slice(missing);
  const there = lex(behind, state.languageId, state.open.slice(0, state.open.length - missing));
  if (there.closed.some(({ opening }) => !opening) && text.trimEnd().endsWith(behind.trim())) {
    // What it closed is gone: the suggestion writes it anew.
    return { text, replaced: behind.length };
  }
  const count = coveredClosers(closed, written.opened, there.closed);
  const last = there.closed[count - 1];
  const end = last ? last.at + last.mark.length : 0;
  const isLast = count === closed.length || count === there.closed.length;
  const lastWritten = written.closed.at(-1);
  const tail = text.slice(lastWritten ? lastWritten.at + lastWritten.mark.length : 0);
  const coversMore = isLast && written.opened.length === 0;
  const replaced = end + (coversMore ? coveredSeparators(tail, behind.slice(end), state) : 0);
  if (replaced === 0 && state.context === 'string') {
    return { text, replaced: coveredInString(text, behind) };
  }
  const first = closed[0];
  const isFit = isSubsequence(behind.slice(0, replaced), text);
  if (first && count === closed.length && isBlank(tail) && !isFit) {
    return { text: text.slice(0, first.at).trimEnd(), replaced: 0 };
  }
  return { text, replaced };
}

/**
 * How many of the closers that are there the suggestion writes itself. What it opens and leaves
 * open needs as many of them as it can get.
 */
function coveredClosers(
  written: readonly Closing[],
  opened: readonly Opening[],
  there: readonly Closing[],
): number {
  let both = 0;
  while (both < written.length && written[both]?.mark === there[both]?.mark) {
    both++;
  }
  const needed = [...opened].reverse().map(({ mark }) => closerFor(mark));
  const from = both - needed.length;
  if (from < 0) {
    return 0;
  }
  return needed.every((mark, i) => there[from + i]?.mark === mark) ? from : both;
}

/** Semicolons and commas at the start of `behind` that the suggestion's `tail` writes as well. */
function coveredSeparators(tail: string, behind: string, state: CursorState): number {
  const separators = /^\s*([;,]+)/.exec(behind);
  const marks = separators?.[1];
  if (separators === null || marks === undefined) {
    return 0;
  }
  const start = separators[0].length - marks.length;
  if (marks.length > 1) {
    // The head of a loop: "for (|;;)".
    const isOuter = (at: number): boolean =>
      lex(tail.slice(0, at), state.languageId).opened.length === 0;
    const count = [...tail.matchAll(/[;,]/g)].filter(
      ({ 0: mark, index }) => mark === marks[0] && isOuter(index),
    ).length;
    return count === 0 ? 0 : start + Math.min(count, marks.length);
  }
  return tail.trimEnd().endsWith(marks) ? start + 1 : 0;
}

/** Brackets in strings, as those of Python's f"{|}": they are counted only. */
function coveredInString(text: string, behind: string): number {
  const first = behind[0] ?? '';
  const opener = { ')': '(', ']': '[', '}': '{' }[first];
  if (opener === undefined || text.split(opener).length >= text.split(first).length) {
    return 0;
  }
  let length = Math.min(behind.length, text.length);
  while (!text.endsWith(behind.slice(0, length))) {
    length--;
  }
  return length;
}

function isSubsequence(part: string, text: string): boolean {
  let found = 0;
  for (const character of text) {
    if (character === part[found]) {
      found++;
    }
  }
  return found >= part.length;
}
