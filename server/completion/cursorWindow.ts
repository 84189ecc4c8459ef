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
 * Whole lines before and behind `offset` (UTF-16 units), or parts of lines that are longer than
 * the window. `previousStart`: where the prefix of the last window of this file began; it begins
 * there again as long as it can.
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
      : prefixStart(text, offset, limits.prefixCharacters);
  return {
    prefix: text.slice(start, offset),
    suffix: text.slice(offset, suffixEnd(text, offset, limits.suffixCharacters)),
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
    (start === 0 || text[start - 1] === '\n' || !text.slice(start, offset).includes('\n'))
  );
}

/** Where the first line begins that lies wholly within `characters` before the cursor. */
function prefixStart(text: string, offset: number, characters: number): number {
  const at = offset - characters;
  if (at <= 0) {
    return 0;
  }
  const line = text.indexOf('\n', at - 1) + 1;
  return line > 0 && line <= offset ? line : wholeCharacter(text, at);
}

/** The end of the line `characters` behind the cursor; of the one before it if that is too long. */
function suffixEnd(text: string, offset: number, characters: number): number {
  const at = offset + characters;
  const next = text.indexOf('\n', at) + 1;
  const end = next > 0 ? next : text.length;
  if (end - offset <= characters * slack) {
    return end;
  }
  const line = text.lastIndexOf('\n', at) + 1;
  return line > offset ? line : wholeCharacter(text, at);
}

/** `at`, or one behind it where it stands within a character of two units. */
function wholeCharacter(text: string, at: number): number {
  return /^[\uDC00-\uDFFF]/.test(text.slice(at, at + 1)) ? at + 1 : at;
}
