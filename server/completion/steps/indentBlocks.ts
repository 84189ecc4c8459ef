// Where the block ends that is written at a cursor: by indentation and brackets.

import type { Place } from '../place.js';
import { cursorLine, indentWidth, isBlank, lineStart } from './cursorLine.js';
import { closedBehind, cursorState } from './cursorState.js';
import { lookOf } from './languageLook.js';
import { closerFor, lex } from './lexer.js';

/** What follows the line is a block of it. */
export function opensBlock(line: string, languageId: string): boolean {
  const end = line.trimEnd();
  if (/[{([]$/.test(end)) {
    return true;
  }
  const { opensBlock: opener } = lookOf(languageId);
  // A colon within brackets is one of a slice or a dictionary.
  return opener?.test(end) === true && lex(end, languageId).opened.length === 0;
}

/**
 * Where in `written` the block ends that the cursor stands in or its line opens; undefined while
 * it goes on. It ends before a line that is indented less, behind the line that closes what the
 * cursor's line opens, and before a new paragraph.
 */
export function endOfBlock(written: string, place: Place): number | undefined {
  const block = blockAt(place);
  const lines = written.split('\n');
  let at = 0;
  let firstWidth: number | undefined;
  let isParagraph = false;
  for (const [i, line] of lines.entries()) {
    const start = at;
    at += line.length + 1;
    if (isBlank(line)) {
      isParagraph = firstWidth !== undefined;
      continue;
    }
    const width = indentWidth(i === 0 ? block.before + line : line);
    if (i === 0 && !isBlank(block.before)) {
      continue;
    }
    const isFirst = firstWidth === undefined;
    firstWidth ??= width;
    const floor = block.floor ?? firstWidth;
    const endsHere =
      width < floor || (isParagraph && width <= firstWidth && isWhole(written, start, place));
    isParagraph = false;
    if (i === 0 || !endsHere || standsFreely(written, start, place)) {
      continue;
    }
    if (width >= floor) {
      return start - 1;
    }
    const role = block.opens && width === block.width ? roleOf(line, place.languageId) : 'other';
    if (role === 'other' && !closesUnclosed(written, start, place)) {
      return start - 1;
    }
    if (role === 'closes') {
      return i === lines.length - 1 ? undefined : start + line.length;
    }
    if (isFirst) {
      firstWidth = undefined;
    }
  }
  return undefined;
}

interface Block {
  /** The cursor's line, before the cursor. */
  before: string;
  width: number;
  opens: boolean;
  /** Lines of the block are indented as much at least; undefined: as its first line is. */
  floor: number | undefined;
}

function blockAt(place: Place): Block {
  const { before } = cursorLine(place);
  const width = indentWidth(before);
  const opens = opensBlock(before, place.languageId);
  const floor = opens ? width + 1 : before === '' ? undefined : width;
  return { before, width, opens, floor };
}

/** What a line does that is indented as the line which opens the block. */
function roleOf(line: string, languageId: string): 'closes' | 'goesOn' | 'other' {
  const content = line.trim();
  if (/^(?:case\b|default\s*:|(?:public|private|protected)\s*:)/.test(content)) {
    return 'goesOn';
  }
  if (/^[)\]}]/.test(content) || lookOf(languageId).closesBlock?.test(content)) {
    return opensBlock(content, languageId) ? 'goesOn' : 'closes';
  }
  return 'other';
}

/** The line closes the bracket that stands open at its start and is closed nowhere yet. */
function closesUnclosed(written: string, start: number, place: Place): boolean {
  const state = cursorState(place);
  const { opened, closed } = lex(written.slice(0, start), state.languageId, state.open);
  const opening = state.open.at(-1 - closed.length);
  const line = written.slice(start);
  if (opened.length > 0 || !opening || !line.trimStart().startsWith(closerFor(opening.mark))) {
    return false;
  }
  const at = state.start + opening.at;
  const width = indentWidth(place.text.slice(lineStart(place.text, at), at));
  return indentWidth(line) === width && !closedBehind(place, state).has(opening);
}

/** Nothing of what was written before `end`, or of what the cursor's line opens, waits for its end. */
function isWhole(written: string, end: number, place: Place): boolean {
  const { before } = cursorLine(place);
  const own = lex(before, place.languageId).opened;
  const { opened, closed } = lex(written.slice(0, end), place.languageId, own);
  if (opened.length > 0) {
    return false;
  }
  if (closed.length >= own.length) {
    return true;
  }
  const state = cursorState(place);
  const isClosed = closedBehind(place, state);
  return state.open.slice(-own.length).every((opening) => isClosed.has(opening));
}

/** Lines within a string, and those for a preprocessor, are not indented with their block. */
function standsFreely(written: string, start: number, { languageId }: Place): boolean {
  const look = lookOf(languageId);
  const mark = lex(written.slice(0, start), languageId).opened.at(-1)?.mark;
  return (
    (mark !== undefined && look.quotes.includes(mark)) ||
    (look.hasPreprocessor && written[start] === '#')
  );
}
