// What was written in other files and is not on disk yet: the names in it are often used next.

import type { FileLines } from '../retrieval/source.js';
import type { FilePlace } from './knownPlaces.js';
import { sameEnd, sameStart } from './sameText.js';

/** Lines of a document in an editor. */
export interface UnsavedLines extends FileLines {
  text: string;
  /** Of the file on disk; absent where they were put in, and where more was changed than they show. */
  replaces?: FileLines;
}

export interface Documents {
  /** Of an open document; undefined where none is open. */
  textOf(path: string): string | undefined;
  /** Rejects for a file that is not there, or not as it is known. */
  onDisk(path: string): Promise<string>;
}

const mostFiles = 2;
/** Of each; they are computed anew whenever they have changed. */
const mostCharacters = 1000;
/** That stand on disk, too, before and behind what was changed. */
const linesAround = 8;

/** `written`: where something was written, the latest first. */
export async function unsavedLines(
  written: readonly FilePlace[],
  documents: Documents,
): Promise<UnsavedLines[]> {
  const found: UnsavedLines[] = [];
  for (const place of written) {
    const text = documents.textOf(place.path);
    if (text !== undefined && found.length < mostFiles) {
      const disk = await documents.onDisk(place.path).catch(() => '');
      found.push(...changedAround(place, text, disk));
    }
  }
  return found;
}

/** None where the document is as on disk, or lacks only what is there. */
export function changedAround(
  { path, line }: FilePlace,
  text: string,
  disk: string,
): UnsavedLines[] {
  const lines = linesOf(text);
  const old = linesOf(disk);
  const most = Math.min(lines.length, old.length);
  const head = sameStart(lines, old, most);
  const tail = sameEnd(lines, old, most - head);
  const end = lines.length - tail;
  const oldEnd = old.length - tail;
  if (lines.slice(head, end).join('').trim() === '') {
    return [];
  }
  const [first, last] = [
    Math.max(head - linesAround, 0),
    Math.min(end + linesAround, lines.length),
  ];
  const [from, to] = cut(lines, Math.min(Math.max(line - 1, head), end - 1), first, last);
  return [
    {
      ...{ path, startLine: from + 1, endLine: to, text: lines.slice(from, to).join('\n') },
      ...(from <= head && end <= to && oldEnd > head
        ? { replaces: { path, startLine: head + 1, endLine: oldEnd } }
        : {}),
    },
  ];
}

/** As many whole lines [from, to) around one as there is room for: most of what is new ends there. */
function cut(lines: readonly string[], at: number, first: number, last: number): [number, number] {
  let [from, to] = [at, at + 1];
  let room = mostCharacters - (lines[at]?.length ?? 0);
  const fits = (line: number): boolean => {
    const length = (lines[line]?.length ?? 0) + 1;
    const isRoom = length <= room;
    room -= isRoom ? length : room;
    return isRoom;
  };
  while (from > first && fits(from - 1)) {
    from--;
  }
  while (to < last && fits(to)) {
    to++;
  }
  return [from, to];
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/u);
}
