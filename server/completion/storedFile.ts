// What the store has of the file in the editor around a cursor: what stands there on disk is taken
// from the store, as far as the editor's text has it too.

import type { Part } from '../engine/addon.js';
import type { Chunk, RepositoryIndex, SegmentPlan } from '../index/types.js';
import { slack, type WindowLimits } from './cursorWindow.js';
import { importSpans, mostImportCharacters } from './imports.js';
import { sameEnd, sameStart } from './sameText.js';

/** Chunks [first, last) of a segment, and the text that they hold. */
export interface StoredRun {
  part: Extract<Part, { kind: 'chunks' }>;
  text: string;
  tokens: number;
  /** Where the text begins on disk. */
  start: number;
}

export interface StoredFile {
  /** A run for each chunk, in the file's order. */
  runs: StoredRun[];
  /** What holds its import statements, likewise; empty where the store lacks some of that. */
  head: StoredRun[];
  /** On disk; between edits above and below it, about there. */
  cursor: number;
}

export interface FileStore {
  repository: Pick<RepositoryIndex, 'segmentsOf' | 'lines'>;
  hasSegments(keys: string[]): boolean[];
}

/** As much may be put in below the window while these runs serve. */
const slackCharacters = 800;

/**
 * The chunks of the window around a cursor, as far as they follow each other. `cursor` counts in
 * the editor's text. No runs where the file is not stored. `start`: where the runs of the last
 * cursor in this file began on disk; they begin there again as long as they can.
 */
export async function storedFile(
  { repository, hasSegments }: FileStore,
  path: string,
  text: string,
  cursor: number,
  limits: WindowLimits,
  start?: number,
): Promise<StoredFile> {
  const segments = repository.segmentsOf(path);
  const stored = hasSegments(segments.map(({ key }) => key));
  const present = segments.filter((_, index) => stored[index]);
  // A file that has changed on disk is read again soon, and serves then.
  const disk = await repository.lines(path, 1, Infinity).catch(() => undefined);
  if (present.length === 0 || disk === undefined) {
    return { runs: [], head: [], cursor };
  }
  const at = placeOnDisk(disk, text, cursor);
  const first = windowStart(at, limits.prefixCharacters, start);
  const last = at + limits.suffixCharacters + slackCharacters;
  const all = present.flatMap((segment) =>
    segment.chunks.slice(1).map((_, index) => runOf(segment, index + 1, disk)),
  );
  const runs = all.filter((run) => run.start >= first && endOf(run) <= last);
  return { runs: connected(runs, at), head: headOf(all, disk), cursor: at };
}

/** The chunks from the first import statement to the last one that is near enough to it. */
function headOf(all: readonly StoredRun[], disk: string): StoredRun[] {
  const spans = [...importSpans(disk)];
  const first = spans[0]?.start ?? 0;
  const near = spans.filter((span) => span.end <= first + mostImportCharacters);
  const end = near.at(-1)?.end ?? first;
  const runs = all.filter((run) => run.start < end && endOf(run) > first);
  const [top, last] = [runs[0], runs.at(-1)];
  const isWhole =
    top !== undefined &&
    last !== undefined &&
    top.start <= first &&
    endOf(last) >= end &&
    runs.every((run, index) => index === 0 || follows(runs[index - 1], run));
  return isWhole ? runs : [];
}

/** Runs that follow each other up to the place, and from there on. */
function connected(runs: readonly StoredRun[], at: number): StoredRun[] {
  const behind = runs.findIndex((run) => run.start >= at);
  const middle = behind < 0 ? runs.length : behind;
  let first = middle;
  while (first > 0 && (first === middle || follows(runs[first - 1], runs[first]))) {
    first--;
  }
  let last = middle;
  while (last < runs.length && (last === middle || follows(runs[last - 1], runs[last]))) {
    last++;
  }
  return runs.slice(first, last);
}

/** Where its text ends on disk. */
export function endOf({ start, text }: StoredRun): number {
  return start + text.length;
}

function follows(a: StoredRun | undefined, b: StoredRun | undefined): boolean {
  return a !== undefined && endOf(a) === b?.start;
}

function placeOnDisk(disk: string, text: string, cursor: number): number {
  const most = Math.min(disk.length, text.length);
  const head = sameStart(disk, text, most);
  if (cursor <= head) {
    return cursor;
  }
  const tail = sameEnd(disk, text, most - head);
  const end = disk.length - tail;
  return text.length - cursor <= tail
    ? disk.length - (text.length - cursor)
    : Math.min(Math.max(cursor, head), end);
}

function windowStart(at: number, characters: number, previous: number | undefined): number {
  const length = previous === undefined ? 0 : at - previous;
  const canStay = length >= characters / slack && length <= characters * slack;
  return previous !== undefined && canStay ? previous : at - characters;
}

function runOf(segment: SegmentPlan, index: number, disk: string): StoredRun {
  const { startOffset, endOffset, tokenEnd } = chunkAt(segment, index);
  return {
    part: { kind: 'chunks', key: segment.key, first: index, last: index + 1 },
    text: disk.slice(startOffset, endOffset),
    tokens: tokenEnd - chunkAt(segment, index - 1).tokenEnd,
    start: startOffset,
  };
}

function chunkAt(segment: SegmentPlan, at: number): Chunk {
  const chunk = segment.chunks[at];
  if (chunk === undefined) {
    throw new RangeError(`segment ${segment.key} has no chunk ${at}`);
  }
  return chunk;
}
