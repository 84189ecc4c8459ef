// Text around a cursor in blocks of whole lines that are found again after an edit elsewhere:
// a block's KV is moved with it. Blocks begin where an eye sees one, so that an inserted line
// changes the block that it stands in and no other.

const leastLines = 3;
const mostLines = 24;

/**
 * Offsets at which the blocks of `text` end; what follows the last of them is not complete yet.
 * An end depends only on the text before it and on the line behind it.
 */
export function blockEnds(text: string): number[] {
  const ends: number[] = [];
  let lines = 0;
  let before = '';
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    const line = text.slice(start, end);
    if (startsBlock(line, before, lines)) {
      ends.push(start);
      lines = 0;
    }
    lines++;
    before = line;
    start = end;
  }
  return ends;
}

/** The blocks, then what follows them; joined they are the text. */
export function blocksOf(text: string): { blocks: string[]; rest: string } {
  const ends = blockEnds(text);
  const blocks = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
  return { blocks, rest: text.slice(ends.at(-1) ?? 0) };
}

/** Never at a blank line: tokens of line ends reach over blank lines. */
function startsBlock(line: string, before: string, lines: number): boolean {
  if (line.trim() === '' || lines < leastLines) {
    return false;
  }
  const isTopLevel = /^[^\s)\]}]/u;
  const standsOut = before.trim() === '' || (isTopLevel.test(line) && !isTopLevel.test(before));
  return standsOut || isMarked(line) || lines >= mostLines;
}

/** One line in eight, whatever stands around it: where none stands out, blocks are found by it. */
function isMarked(line: string): boolean {
  let hash = 0;
  for (const character of line) {
    hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) & 7) === 0;
}
