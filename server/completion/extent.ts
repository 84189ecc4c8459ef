// How far a suggestion may go, and when it has gone far enough.

import { endOfBlock, opensBlock } from './steps/indentBlocks.js';
import { cursorLine, isBlank } from './steps/cursorLine.js';
import { cursorState } from './steps/cursorState.js';
import type { Place } from './place.js';

/** `nextLine`: the rest of the line or, where that is whole, the one behind it. `insideWord`: nothing. */
export type Extent = 'line' | 'nextLine' | 'block' | 'insideWord';

/** A block's lines at most, without the rest of the cursor's line. */
const maxLines = 12;

export function extentOf(place: Place): Extent {
  const { before, behind } = cursorLine(place);
  if (/^[\p{L}\p{N}_]/u.test(behind)) {
    return 'insideWord';
  }
  if (!isAutoClosed(behind) || contextOf(place) !== 'code') {
    return 'line';
  }
  const opens = opensBlock(before, place.languageId);
  // "f(|)" is asked for arguments, "f(|" for a list of them.
  const isBlock = opens && (isBlank(behind) || !/[([]\s*$/.test(before));
  return isBlank(before) || isBlock ? 'block' : 'line';
}

/** Behind a suggestion that is taken: where its line is whole, what follows is the next one. */
export function extentBehind(place: Place): Extent {
  const extent = extentOf(place);
  const isAtEnd = extent === 'line' && isBlank(cursorLine(place).behind);
  return isAtEnd && contextOf(place) === 'code' ? 'nextLine' : extent;
}

/** What the cursor stands in, as far as a look at 200 lines above it tells. */
export function contextOf(place: Place): 'code' | 'comment' | 'string' {
  return cursorState(place).context;
}

/** Whether nothing needs to follow `written`; asked after each piece of it. */
export function isComplete(written: string, place: Place, extent: Extent): boolean {
  return endWithin(written, place, extent) !== undefined;
}

/**
 * Where `written` may be cut, once it is complete: a model's last piece may reach further than the
 * suggestion may.
 */
export function endWithin(written: string, place: Place, extent: Extent): number | undefined {
  switch (extent) {
    case 'insideWord':
      return 0;
    case 'line':
      return endOfLine(written, 0);
    case 'nextLine': {
      const start = beginsNextLine(written) ? written.search(/\S/) : 0;
      return start < 0 ? undefined : endOfLine(written, start);
    }
    case 'block': {
      const ends = [endOfBlock(written, place), endOfLines(written)].filter(
        (end) => end !== undefined,
      );
      return ends.length === 0 ? undefined : Math.min(...ends);
    }
  }
}

/** Nothing more is written in the cursor's line. */
export function beginsNextLine(written: string): boolean {
  return /^[^\S\n]*\n/.test(written);
}

function endOfLine(written: string, from: number): number | undefined {
  const end = written.slice(from).search(/\r?\n/);
  return end < 0 ? undefined : from + end;
}

/** The end of the last line that a block may have. */
function endOfLines(written: string): number | undefined {
  // The end of the cursor's line is none of the block's lines.
  let end = /^\r?\n/.test(written) ? written.indexOf('\n') : -1;
  for (let i = 0; i < maxLines; i++) {
    end = written.indexOf('\n', end + 1);
    if (end < 0) {
      return undefined;
    }
  }
  return end;
}

/** Nothing, or what an editor writes by itself behind a cursor. */
export function isAutoClosed(behind: string): boolean {
  return /^[\s)\]}"'`;,]*$/.test(behind);
}
