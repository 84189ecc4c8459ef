// The file around a cursor as pieces of a prompt, cut so that what is typed or edited leaves the
// other pieces what they are.

import { blocksOf } from './blocks.js';
import { cursorWindow, defaultLimits, slack } from './cursorWindow.js';
import { importsWithin } from './imports.js';
import { endOf, type StoredFile, type StoredRun } from './storedFile.js';

export type Piece = { kind: 'text'; text: string } | ({ kind: 'stored' } & StoredRun);

export interface Layout {
  /** Where the first piece begins in the file. */
  start: number;
  /** Import statements of the file, where they stand above the first piece. */
  imports: Piece[];
  /** Before the cursor; the last piece is text, and is what grows. */
  before: Piece[];
  behind: Piece[];
  /** What lies outside of the window. */
  outside: [string, string];
}

/** Between two stored runs behind the cursor, or before the first one, as much may be text. */
const farthestRun = 800;
/** As much may have been put in between two stored chunks, or above them. */
const farthestEdit = 2000;

/** `previousStart`: of the last layout of this file. `stored`: as far as it still holds. */
export function layOut(
  text: string,
  cursor: number,
  stored: StoredFile,
  previousStart: number | undefined,
): Layout {
  const aligned = alignBefore(text, cursor, stored);
  const window = cursorWindow(text, cursor, aligned?.start ?? previousStart);
  const isUsed = aligned?.start === window.start;
  const { blocks, rest } = blocksOf(text.slice(isUsed ? aligned.end : window.start, cursor));
  const left = aligned?.left ?? stored.runs.filter(({ start }) => start >= stored.cursor);
  const behind = behindOf(window.suffix, left);
  return {
    start: window.start,
    imports: importPieces(text, window.start, stored.head),
    before: [...(isUsed ? aligned.pieces : []), ...blocks.map(textPiece), textPiece(rest)],
    behind: behind.pieces,
    outside: [text.slice(0, window.start), text.slice(cursor + behind.length)],
  };
}

/** A stretch of the text before the cursor as pieces, of which the first and the last are stored. */
export interface Aligned {
  start: number;
  end: number;
  pieces: Piece[];
  /** What is stored behind it. */
  left: StoredRun[];
}

/**
 * Finds the stored chunks in a text that may have been edited since; what was put in between is
 * text. Undefined where too little of them is left, or the cursor is far away.
 */
export function alignBefore(
  text: string,
  cursor: number,
  { runs }: StoredFile,
): Aligned | undefined {
  const [first] = runs;
  if (first === undefined) {
    return undefined;
  }
  const pieces: Piece[] = [];
  let start: number | undefined;
  let end = 0;
  let used = 0;
  for (const [index, run] of runs.entries()) {
    const from = start === undefined ? Math.max(0, run.start - farthestEdit) : end;
    const expected = start === undefined ? run.start : end;
    const last = Math.min(expected + farthestEdit + run.text.length, cursor);
    const found = text.slice(from, last).indexOf(run.text);
    if (found < 0) {
      continue;
    }
    const at = from + found;
    if (start !== undefined && at > end) {
      pieces.push(...blockPieces(text.slice(end, at)));
    }
    start ??= at;
    pieces.push(storedPiece(run));
    end = at + run.text.length;
    used = index + 1;
  }
  const isEnough =
    start !== undefined &&
    cursor - start <= defaultLimits.prefixCharacters * slack &&
    cursor - start >= (cursor - first.start) / 2;
  return start !== undefined && isEnough
    ? { start, end, pieces, left: runs.slice(used) }
    : undefined;
}

/** Ends with the last stored run of the suffix where that reaches half of it. */
function behindOf(suffix: string, runs: readonly StoredRun[]): { pieces: Piece[]; length: number } {
  const pieces: Piece[] = [];
  let end = 0;
  for (const run of runs) {
    const found = suffix.slice(end, end + farthestRun + run.text.length).indexOf(run.text);
    if (found >= 0) {
      const between = suffix.slice(end, end + found);
      pieces.push(...(end === 0 ? textPieces(between) : blockPieces(between)), storedPiece(run));
      end += found + run.text.length;
    }
  }
  if (end >= suffix.length / 2) {
    return { pieces, length: end };
  }
  const rest = suffix.slice(end);
  pieces.push(...(end === 0 ? textPieces(rest) : blockPieces(rest)));
  return { pieces, length: suffix.length };
}

/** Those above `start`; from the store where it has them as they stand in the text. */
function importPieces(text: string, start: number, head: readonly StoredRun[]): Piece[] {
  const [first, last] = [head[0], head.at(-1)];
  const end = last === undefined ? 0 : endOf(last);
  const isThere =
    first !== undefined &&
    end <= start &&
    text.startsWith(head.map((run) => run.text).join(''), first.start);
  const written = importsWithin(text, isThere ? end : 0, start);
  return [
    ...(isThere ? head.map(storedPiece) : []),
    ...(written === '' ? [] : [textPiece(written)]),
  ];
}

/** The rest of the cursor's line is a piece of its own: typing within the line changes it. */
function textPieces(text: string): Piece[] {
  const newline = text.indexOf('\n');
  const line = newline < 0 ? text : text.slice(0, newline + 1);
  return [...(isText(line) ? [textPiece(line)] : []), ...blockPieces(text.slice(line.length))];
}

function blockPieces(text: string): Piece[] {
  const { blocks, rest } = blocksOf(text);
  return [...blocks, rest].filter(isText).map(textPiece);
}

function isText(text: string): boolean {
  return text !== '';
}

function textPiece(text: string): Piece {
  return { kind: 'text', text };
}

function storedPiece(run: StoredRun): Piece {
  return { kind: 'stored', ...run };
}
