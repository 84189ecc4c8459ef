// The text around a cursor that the model sees. What is typed must not move its edges, or all
// of it would be computed again.

export interface WindowLimits {
  /** About how much is seen before the cursor, and at most how much behind it. */
  prefixCharacters: number;
  suffixCharacters: number;
}

export interface CursorWindow {
  prefix: string;
  suffix: string;
  /** Where the prefix begins in the text. */
  start: number;
}

export const defaultLimits: WindowLimits = { prefixCharacters: 3000, suffixCharacters: 1200 };

/** The prefix may outgrow its limit by this factor before its start moves on. */
export const slack = 1.5;

/**
 * Whole lines before and behind `offset` (UTF-16 units). `previousStart`: where the prefix of
 * the last window of this file began; it begins there again as long as it can.
 */
export function cursorWindow(
  text: string,
  offset: number,
  previousStart?: number,
  limits: WindowLimits = defaultLimits,
): CursorWindow {
  const start =
    previousStart !== undefined && canStay(text, offset, previousStart, limits)
      ? previousStart
      : lineStart(text, offset - limits.prefixCharacters);
  const end = text.indexOf('\n', offset + limits.suffixCharacters);
  return {
    prefix: text.slice(start, offset),
    suffix: text.slice(offset, end < 0 ? text.length : end + 1),
    start,
  };
}

function canStay(text: string, offset: number, start: number, limits: WindowLimits): boolean {
  const length = offset - start;
  const isShort = length < limits.prefixCharacters / slack && start > 0;
  return (
    length >= 0 &&
    length <= limits.prefixCharacters * slack &&
    !isShort &&
    (start === 0 || text[start - 1] === '\n')
  );
}

/** The first line that begins at or behind `at`. */
function lineStart(text: string, at: number): number {
  if (at <= 0) {
    return 0;
  }
  const newline = text.indexOf('\n', at - 1);
  return newline < 0 ? at : newline + 1;
}
