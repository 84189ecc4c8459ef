// The file around a cursor as pieces of a prompt, cut so that what is typed or edited leaves the
// other pieces what they are.

import { blocksOf } from './blocks.js';
import { cursorWindow, defaultLimits } from './cursorWindow.js';
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
/** The prefix may outgrow its limit by this factor. */
const slack = 1.5;

/** `previousStart`: of the last layout of this file. `stored`: as far as it still holds. */
export function layOut(
  text: string,
  cursor: number,
  stored: StoredFile,
  previousStart: number | undefined,
): Layout {
  const usable = holdsBefore(text, cursor, stored) ? stored.before : undefined;
  const window = cursorWindow(text, cursor, usable?.start ?? previousStart);
  const runs = usable?.start === window.start ? usable : undefined;
  const typed = text.slice(runs?.end ?? window.start, cursor);
  const { blocks, rest } = blocksOf(typed);
  const behind = behindOf(window.suffix, text.slice(cursor), stored.behind);
  return {
    start: window.start,
    before: [...(runs?.runs ?? []).map(storedPiece), ...blocks.map(textPiece), textPiece(rest)],
    behind: behind.pieces,
    outside: [text.slice(0, window.start), text.slice(cursor + behind.length)],
  };
}

/** What was taken from the store before the cursor still stands there, not too far away. */
export function holdsBefore(text: string, cursor: number, { before }: StoredFile): boolean {
  if (before === undefined || cursor < before.end) {
    return false;
  }
  return (
    cursor - before.start <= defaultLimits.prefixCharacters * slack &&
    text.slice(before.start, before.end) === before.runs.map((run) => run.text).join('')
  );
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
  return [line, ...blocks, rest].filter((piece) => piece !== '').map(textPiece);
}

function textPiece(text: string): Piece {
  return { kind: 'text', text };
}

function storedPiece(run: StoredRun): Piece {
  return { kind: 'stored', ...run };
}
