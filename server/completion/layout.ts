// The file around a cursor as pieces of a prompt, cut so that what is typed or edited leaves the
// other pieces what they are.

import { blocksOf } from './blocks.js';
import { cursorWindow, defaultLimits, slack } from './cursorWindow.js';
import type { StoredFile, StoredRun } from './storedFile.js';

export type Piece = { kind: 'text'; text: string } | ({ kind: 'stored' } & StoredRun);

export interface Layout {
  /** Where the first piece begins in the file. */
  start: number;
  /** Before the cursor; the last piece is text, and is what grows. */
  before: Piece[];
  behind: Piece[];
  /** What lies outside of the window. */
  outside: [string, string];
}

/** A stored run may begin so far behind the cursor. */
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
  const behind = behindOf(window.suffix, text.slice(cursor), stored.behind);
  return {
    start: window.start,
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
}

/**
 * Finds the stored chunks in a text that may have been edited since; what was put in between is
 * text. Undefined where too little of them is left, or the cursor is far away.
 */
export function alignBefore(
  text: string,
  cursor: number,
  { before }: StoredFile,
): Aligned | undefined {
  if (before === undefined) {
    return undefined;
  }
  const pieces: Piece[] = [];
  let start: number | undefined;
  let end = before.start;
  for (const run of before.runs) {
    const from = start === undefined ? Math.max(0, end - farthestEdit) : end;
    const last = Math.min(end + farthestEdit + run.text.length, cursor);
    const found = text.slice(from, last).indexOf(run.text);
    if (found < 0) {
      continue;
    }
    const at = from + found;
    if (start !== undefined && at > end) {
      const between = blocksOf(text.slice(end, at));
      pieces.push(...[...between.blocks, between.rest].filter(isText).map(textPiece));
    }
    start ??= at;
    pieces.push(storedPiece(run));
    end = at + run.text.length;
  }
  const isEnough =
    start !== undefined &&
    cursor - start <= defaultLimits.prefixCharacters * slack &&
    cursor - start >= (cursor - before.start) / 2;
  return start !== undefined && isEnough ? { start, end, pieces } : undefined;
}

function behindOf(
  suffix: string,
  all: string,
  run: StoredRun | undefined,
): { pieces: Piece[]; length: number } {
  const at = run === undefined ? -1 : all.indexOf(run.text);
  if (run !== undefined && at >= 0 && at <= farthestRun) {
    return {
      pieces: [...textPieces(all.slice(0, at)), storedPiece(run)],
      length: at + run.text.length,
    };
  }
  return { pieces: textPieces(suffix), length: suffix.length };
}

/** The rest of the cursor's line is a piece of its own: typing within the line changes it. */
function textPieces(text: string): Piece[] {
  const newline = text.indexOf('\n');
  const line = newline < 0 ? text : text.slice(0, newline + 1);
  const { blocks, rest } = blocksOf(text.slice(line.length));
  return [line, ...blocks, rest].filter(isText).map(textPiece);
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
