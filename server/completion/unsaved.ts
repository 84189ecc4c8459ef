// What was written in other files and is not on disk yet: the names in it are often used next.

import type { FileLines } from '../retrieval/source.js';
import type { FilePlace } from './knownPlaces.js';
import { sameEnd, sameStart } from './sameText.js';

/** All that was changed in a document, in its lines and on disk; empty where `endLine` comes before. */
export interface ChangedLines {
  changed: FileLines;
  onDisk: FileLines;
}

/** Lines of a document in an editor. */
export interface UnsavedLines extends FileLines, ChangedLines {
  /** Empty where lines were only taken out: what they were on disk is not there any more. */
  text: string;
}

export interface Documents {
  /** Of an open document; undefined where none is open. */
  textOf(path: string): string | undefined;
  /** Empty for a file that is not known, or not as it is known. */
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
    if (text !== undefined && found.filter(isShown).length < mostFiles) {
      found.push(...changedAround(place, text, await documents.onDisk(place.path)));
    }
  }
  return found;
}

/** What was changed in open documents of which no lines are shown, as far as their files are known. */
export async function changedLines(
  paths: readonly string[],
  documents: Documents,
): Promise<ChangedLines[]> {
  const found: ChangedLines[] = [];
  for (const path of new Set(paths)) {
    const text = documents.textOf(path);
    const disk = text === undefined ? '' : await documents.onDisk(path);
    if (text !== undefined && disk !== '' && text !== disk) {
      found.push(compared(path, linesOf(text), linesOf(disk)));
    }
  }
  return found;
}

/** There is something of it to show. */
export function isShown({ text }: UnsavedLines): boolean {
  return text !== '';
}

/** None where the document is as on disk. */
export function changedAround(
  { path, line }: FilePlace,
  text: string,
  disk: string,
): UnsavedLines[] {
  const lines = linesOf(text);
  const { changed, onDisk } = compared(path, lines, linesOf(disk));
  const head = changed.startLine - 1;
  const end = changed.endLine;
  const at = Math.min(Math.max(line - 1, head), end - 1);
  if (lines.slice(head, end).join('').trim() === '') {
    return onDisk.endLine > head ? [{ ...changed, text: '', changed, onDisk }] : [];
  }
  if (lengthOf(lines, at) > mostCharacters) {
    return [];
  }
  const first = Math.max(head - linesAround, 0);
  const [from, to] = cut(lines, at, first, Math.min(end + linesAround, lines.length));
  return [
    {
      ...{ path, startLine: from + 1, endLine: to, text: lines.slice(from, to).join('\n') },
      ...{ changed, onDisk },
    },
  ];
}

function compared(path: string, lines: readonly string[], disk: readonly string[]): ChangedLines {
  const most = Math.min(lines.length, disk.length);
  const head = sameStart(lines, disk, most);
  const tail = sameEnd(lines, disk, most - head);
  return {
    changed: { path, startLine: head + 1, endLine: lines.length - tail },
    onDisk: { path, startLine: head + 1, endLine: disk.length - tail },
  };
}

/** The lines on disk that these stand for; undefined where more was changed than they show. */
export function replaced({
  startLine,
  endLine,
  changed,
  onDisk,
}: UnsavedLines): FileLines | undefined {
  return startLine <= changed.startLine && changed.endLine <= endLine ? onDisk : undefined;
}

/** Where a line of a document is on disk; undefined for one that was changed. */
export function placeOnDisk<P extends FilePlace>(
  documents: readonly ChangedLines[],
  place: P,
): P | undefined {
  const lines = documents.find(({ changed }) => changed.path === place.path);
  if (lines === undefined || place.line < lines.changed.startLine) {
    return place;
  }
  const { changed, onDisk } = lines;
  return place.line > changed.endLine
    ? { ...place, line: place.line - changed.endLine + onDisk.endLine }
    : undefined;
}

/** As many whole lines [from, to) around one as there is room for: most of what is new ends there. */
function cut(lines: readonly string[], at: number, first: number, last: number): [number, number] {
  let [from, to] = [at, at + 1];
  let room = mostCharacters - lengthOf(lines, at);
  const fits = (line: number): boolean => {
    const length = lengthOf(lines, line) + 1;
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

function lengthOf(lines: readonly string[], at: number): number {
  return lines[at]?.length ?? 0;
}

/** Without the mark that a file may begin with, which editors leave out. */
function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/u, '').split(/\r?\n/u);
}
