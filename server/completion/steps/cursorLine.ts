// The line of a cursor and the lines around it, without their ends.

import type { Place } from '../place.js';

export interface CursorLine {
  before: string;
  behind: string;
}

/** The line that the cursor stands in. */
export function cursorLine({ text, offset }: Place): CursorLine {
  const end = text.indexOf('\n', offset);
  return {
    before: text.slice(lineStart(text, offset), offset),
    behind: text.slice(offset, end < 0 ? text.length : end).replace(/\r$/, ''),
  };
}

/** The last `count` lines above the cursor's that are not blank, in their order. */
export function linesAbove({ text, offset }: Place, count: number): string[] {
  const found: string[] = [];
  let end = lineStart(text, offset) - 1;
  while (end >= 0 && found.length < count) {
    const start = lineStart(text, end);
    const line = text.slice(start, end).trimEnd();
    if (line !== '') {
      found.unshift(line);
    }
    end = start - 1;
  }
  return found;
}

/** The next `count` lines below the cursor's that are not blank. */
export function linesBelow({ text, offset }: Place, count: number): string[] {
  const found: string[] = [];
  let start = text.indexOf('\n', offset) + 1;
  while (start > 0 && found.length < count) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).trimEnd();
    if (line !== '') {
      found.push(line);
    }
    start = end + 1;
  }
  return found;
}

/** Where the line begins that `at` lies in. */
export function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
}

/**
 * How wide a line's indentation is. Tabs are taken to be as wide as four spaces, so that lines
 * of a model that mixes them can be compared.
 */
export function indentWidth(line: string): number {
  let width = 0;
  for (const character of line) {
    if (character === '\t') {
      width += 4 - (width % 4);
    } else if (character === ' ') {
      width++;
    } else {
      break;
    }
  }
  return width;
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Two of them being equal tells something: brackets, "else" and the like are not enough. */
export function isTelling(line: string): boolean {
  return (line.match(/[\p{L}\p{N}_]/gu)?.length ?? 0) >= 3;
}
