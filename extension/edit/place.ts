// Where code of an answer belongs in a file: small models cannot write diffs reliably, so the
// place is found by lines that stand in both.

/** Lines [first, last] of the file, 0-based and inclusive. */
export interface Place {
  first: number;
  last: number;
}

/**
 * The lines that the code is a new version of: from the one line that its first line equals to
 * the nearest line after it that its last line equals, indented against it as in the code.
 * Undefined when there is none, or more than one.
 */
export function placeOf(code: string, file: string): Place | undefined {
  const lines = linesOf(file);
  const wanted = linesOf(code);
  const begin = wanted.find((line) => line.trim() !== '');
  const end = [...wanted].reverse().find((line) => line.trim() !== '');
  if (begin === undefined || end === undefined) {
    return undefined;
  }
  const starts = lines.flatMap((line, i) => (sameText(line, begin) ? [i] : []));
  const first = starts[0];
  if (first === undefined || starts.length > 1) {
    return undefined;
  }
  const indentation = indentOf(lines[first] ?? '') + indentOf(end) - indentOf(begin);
  const last = lines.findIndex(
    (line, i) =>
      i >= first &&
      (i > first || wanted.length === 1) &&
      sameText(line, end) &&
      indentOf(line) === indentation,
  );
  return last < 0 ? undefined : { first, last };
}

/** The code moved to the indentation of the place: models begin a method at the margin. */
export function indentedAs(file: string, { first }: Place, code: string): string {
  const there = indentationOf(linesOf(file)[first] ?? '');
  const lines = linesOf(code);
  const here = indentationOf(lines.find((line) => line.trim() !== '') ?? '');
  const moved = (line: string): string => {
    if (line.trim() === '') {
      return line;
    }
    return line.startsWith(here) ? there + line.slice(here.length) : line;
  };
  return lines.map(moved).join('\n');
}

/** The file with the lines of a place replaced; its line ends stay. */
export function withReplaced(file: string, { first, last }: Place, code: string): string {
  const end = file.includes('\r\n') ? '\r\n' : '\n';
  const lines = linesOf(file);
  const added = linesOf(code.replace(/\n$/u, ''));
  return [...lines.slice(0, first), ...added, ...lines.slice(last + 1)].join(end);
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/u);
}

function sameText(a: string, b: string): boolean {
  return a.trim() === b.trim();
}

function indentOf(line: string): number {
  return indentationOf(line).length;
}

function indentationOf(line: string): string {
  return line.slice(0, line.length - line.trimStart().length);
}
