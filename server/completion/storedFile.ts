// What the store has of the file in the editor: at first sight of a cursor its surroundings are
// taken from there, as far as they are on disk what they are in the editor.

import type { Part } from '../engine/addon.js';
import type { Chunk, RepositoryIndex, SegmentPlan } from '../index/types.js';
import type { WindowLimits } from './cursorWindow.js';

/** Chunks [first, last) of a segment, and the text that they hold. */
export interface StoredRun {
  part: Extract<Part, { kind: 'chunks' }>;
  text: string;
  tokens: number;
}

export interface StoredFile {
  /** From the window's start up to a chunk's end before the cursor, a run for each chunk. */
  before?: { start: number; end: number; runs: StoredRun[] };
  /** From some line behind the cursor on. */
  behind?: StoredRun;
}

export interface FileStore {
  repository: Pick<RepositoryIndex, 'segmentsOf' | 'lines'>;
  hasSegments(keys: string[]): boolean[];
}

/** Offsets of `cursor` count in the editor's text. Empty where the file is not stored. */
export async function storedFile(
  { repository, hasSegments }: FileStore,
  path: string,
  text: string,
  cursor: number,
  limits: WindowLimits,
): Promise<StoredFile> {
  const segments = repository.segmentsOf(path);
  const stored = hasSegments(segments.map(({ key }) => key));
  const present = segments.filter((_, index) => stored[index]);
  // A file that has changed on disk is read again soon, and serves then.
  const disk = await repository.lines(path, 1, Infinity).catch(() => undefined);
  if (present.length === 0 || disk === undefined) {
    return {};
  }
  const before = runsBefore(present, disk, {
    end: Math.min(cursor, sameStart(disk, text)),
    start: cursor - limits.prefixCharacters,
  });
  const behind = runBehind(present, disk, {
    start: disk.length - Math.min(text.length - cursor, sameEnd(disk, text)),
    characters: limits.suffixCharacters,
  });
  return {
    ...(before === undefined ? {} : { before }),
    ...(behind === undefined ? {} : { behind }),
  };
}

/** The chunks that end last before `end`, one run each, as far back as they follow each other. */
function runsBefore(
  segments: readonly SegmentPlan[],
  disk: string,
  { start, end }: { start: number; end: number },
): StoredFile['before'] {
  const runs: StoredRun[] = [];
  let from: number | undefined;
  let to = 0;
  for (const segment of [...segments].reverse()) {
    for (let at = segment.chunks.length - 1; at > 0; at--) {
      const chunk = chunkAt(segment, at);
      const follows = from === undefined ? chunk.endOffset <= end : chunk.endOffset === from;
      if (follows && chunk.startOffset >= start) {
        runs.unshift(runOf(segment, at, at + 1, disk));
        to = Math.max(to, chunk.endOffset);
        from = chunk.startOffset;
      }
    }
  }
  return from === undefined ? undefined : { start: from, end: to, runs };
}

/** The first chunks of one segment that begin at or behind `start`. */
function runBehind(
  segments: readonly SegmentPlan[],
  disk: string,
  { start, characters }: { start: number; characters: number },
): StoredRun | undefined {
  for (const segment of segments) {
    const first = segment.chunks.findIndex((chunk, at) => at > 0 && chunk.startOffset >= start);
    if (first < 0) {
      continue;
    }
    const limit = chunkAt(segment, first).startOffset + characters;
    let last = first + 1;
    while (last < segment.chunks.length && chunkAt(segment, last).endOffset <= limit) {
      last++;
    }
    return runOf(segment, first, last, disk);
  }
  return undefined;
}

function runOf(segment: SegmentPlan, first: number, last: number, disk: string): StoredRun {
  const begin = chunkAt(segment, first - 1).tokenEnd;
  const end = chunkAt(segment, last - 1);
  return {
    part: { kind: 'chunks', key: segment.key, first, last },
    text: disk.slice(chunkAt(segment, first).startOffset, end.endOffset),
    tokens: end.tokenEnd - begin,
  };
}

function chunkAt(segment: SegmentPlan, at: number): Chunk {
  const chunk = segment.chunks[at];
  if (chunk === undefined) {
    throw new RangeError(`segment ${segment.key} has no chunk ${at}`);
  }
  return chunk;
}

function sameStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) {
    length++;
  }
  return length;
}

function sameEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) {
    length++;
  }
  return length;
}
