// What stands open at a cursor, and what of it is closed behind the cursor already.

import { cursorLine, indentWidth, isBlank, lineStart } from './cursorLine.js';
import { closerFor, lex, spansLines, type Closing, type Opening } from './lexer.js';
import type { Place } from '../place.js';

export interface CursorState {
  context: 'code' | 'comment' | 'string';
  /** Brackets and quotes that stand open, the outermost first; `at` counts from `start` on. */
  open: Opening[];
  /** Where the text begins that was looked at. */
  start: number;
  /** How to read what is written at the cursor: comments hold prose. */
  languageId: string;
}

/** As many lines are looked at before and behind the cursor. */
const linesLookedAt = 200;

export function cursorState(place: Place): CursorState {
  const { text, offset, languageId } = place;
  const start = startOf(text, offset, linesLookedAt);
  const { opened, endsInComment } = lex(text.slice(start, offset), languageId);
  if (endsInComment) {
    const line = lineStart(text, offset);
    const open = lex(text.slice(line, offset), 'plaintext').opened;
    return { context: 'comment', open, start: line, languageId: 'plaintext' };
  }
  const innermost = opened.at(-1);
  const context = innermost && isQuote(innermost) ? 'string' : 'code';
  return { context, open: opened, start, languageId };
}

/**
 * What of the openings is closed behind the cursor, `from` units behind it. A bracket closes
 * another one, further out, where its line is indented less than the line of an opening, or a
 * line before it is not indented more.
 */
export function closedBehind(place: Place, state: CursorState, from = 0): Map<Opening, Closing> {
  const closings = closingsBehind(place, state, from);
  const found = new Map<Opening, Closing>();
  let next = 0;
  const missing = missingClosers(place, state, closings);
  for (const opening of [...state.open].reverse().slice(missing)) {
    const closing = closings[next];
    if (!closing) {
      break;
    }
    const width = widthAt(place.text, state.start + opening.at);
    const belongs =
      closing.isInCursorLine ||
      (closing.leastWidth > width && (!closing.startsLine || closing.width >= width));
    if (closing.mark === closerFor(opening.mark) && belongs) {
      found.set(opening, closing);
      next++;
    }
  }
  return found;
}

/**
 * How many of the brackets and quotes that the cursor's line opens have nothing that closes them.
 * They are the innermost: what stands behind was there for the others before they were typed.
 */
export function missingClosers(
  place: Place,
  state: CursorState,
  closings: readonly ClosingBehind[] = closingsBehind(place, state),
): number {
  const line = lineStart(place.text, place.offset);
  const own = state.open.filter(({ at }) => state.start + at >= line).length;
  const width = indentWidth(place.text.slice(line, place.offset));
  const isOther = (closing: ClosingBehind): boolean =>
    !closing.isInCursorLine &&
    (closing.width < width ||
      (closing.width === width && !closing.startsLine) ||
      closing.leastWidth <= width);
  const first = closings.findIndex(isOther);
  return Math.max(0, own - (first < 0 ? closings.length : first));
}

interface ClosingBehind extends Closing {
  isInCursorLine: boolean;
  /** Its line begins with it, or with another closing bracket. */
  startsLine: boolean;
  /** Of its line's indentation. */
  width: number;
  /** Of the lines between the cursor's and its own, without those that are indented as they like. */
  leastWidth: number;
}

function closingsBehind(place: Place, state: CursorState, from = 0): ClosingBehind[] {
  const { text, offset } = place;
  const behind = text.slice(offset + from, endOf(text, offset + from, linesLookedAt));
  return lex(behind, state.languageId, openBehind(place, state)).closed.map((closing) => {
    const start = lineStart(behind, closing.at);
    const isInCursorLine = start === 0;
    const line = behind.slice(start, closing.at + 1);
    const startsLine = !isInCursorLine && /^\s*[)\]}]/.test(line);
    const leastWidth = leastWidthOf(behind.slice(0, start).split('\n').slice(1));
    return { ...closing, isInCursorLine, startsLine, width: indentWidth(line), leastWidth };
  });
}

/** A quote that nothing behind the cursor closes is taken to be new: code follows it. */
function openBehind(place: Place, state: CursorState): Opening[] {
  const innermost = state.open.at(-1);
  if (!innermost || !isQuote(innermost)) {
    return state.open;
  }
  const { mark } = innermost;
  // Quotes that may span lines come in pairs: an odd one among those behind closes this one.
  const isClosed = spansLines(mark)
    ? place.text.slice(place.offset).split(mark).length % 2 === 0
    : lex(cursorLine(place).behind, state.languageId, state.open).closed.length > 0;
  return isClosed ? state.open : state.open.slice(0, -1);
}

function isQuote({ mark }: Opening): boolean {
  return closerFor(mark) === mark;
}

function leastWidthOf(lines: readonly string[]): number {
  const inBlock = lines.filter(
    (line) => !isBlank(line) && !/^\s*(?:[)\]}#]|(?:case\b.*|\w+\s*):\s*$)/.test(line),
  );
  return Math.min(...inBlock.map(indentWidth));
}

function widthAt(text: string, at: number): number {
  return indentWidth(text.slice(lineStart(text, at), at));
}

function startOf(text: string, offset: number, lines: number): number {
  let start = lineStart(text, offset);
  for (let i = 0; i < lines && start > 0; i++) {
    start = lineStart(text, start - 1);
  }
  return start;
}

function endOf(text: string, offset: number, lines: number): number {
  let end = offset;
  for (let i = 0; i < lines; i++) {
    const next = text.indexOf('\n', end);
    if (next < 0) {
      return text.length;
    }
    end = next + 1;
  }
  return end;
}
