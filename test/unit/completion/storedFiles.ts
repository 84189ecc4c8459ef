// A file as the store has it, made by hand: segments of chunks of a few lines each.

import type { FileStore } from '../../../server/completion/storedFile.js';
import type { Chunk, SegmentPlan } from '../../../server/index/types.js';

export interface StoreOptions {
  linesPerChunk?: number;
  chunksPerSegment?: number;
  /** Parts that the store lacks. */
  missing?: readonly number[];
  /** The file is not on disk what the index knows. */
  isStale?: boolean;
}

export const storedPath = 'src/shop.ts';

/** Each chunk of a segment, the header left out, counts ten tokens; the header counts three. */
export function storeOf(disk: string, options: StoreOptions = {}): FileStore {
  const segments = segmentsOf(disk, options);
  const missing = new Set(options.missing?.map(keyOf));
  return {
    repository: {
      segmentsOf: (path) => (path === storedPath ? segments : []),
      lines: async () => {
        if (options.isStale === true) {
          throw Object.assign(new Error('The file has changed.'), { code: 'stale' });
        }
        return disk;
      },
    },
    hasSegments: (keys) => keys.map((key) => !missing.has(key)),
  };
}

export function keyOf(part: number): string {
  return part.toString(16).padStart(64, '0');
}

function segmentsOf(
  disk: string,
  { linesPerChunk = 4, chunksPerSegment = 5 }: StoreOptions,
): SegmentPlan[] {
  const chunks = chunksOf(disk, linesPerChunk);
  const segments: SegmentPlan[] = [];
  for (let at = 0; at < chunks.length; at += chunksPerSegment) {
    const part = segments.length;
    const header = { startLine: 0, endLine: 0, startOffset: 0, endOffset: 0, tokenEnd: 3 };
    const own = chunks
      .slice(at, at + chunksPerSegment)
      .map((chunk, index) => ({ ...chunk, tokenEnd: 3 + 10 * (index + 1) }));
    segments.push({
      key: keyOf(part),
      path: storedPath,
      part,
      tokens: new Int32Array(3 + 10 * own.length),
      chunks: [header, ...own],
    });
  }
  return segments;
}

function chunksOf(disk: string, lines: number): Omit<Chunk, 'tokenEnd'>[] {
  const all = disk.split(/(?<=\n)/u);
  const chunks: Omit<Chunk, 'tokenEnd'>[] = [];
  let startOffset = 0;
  for (let at = 0; at < all.length; at += lines) {
    const text = all.slice(at, at + lines).join('');
    const endOffset = startOffset + text.length;
    const endLine = Math.min(at + lines, all.length);
    chunks.push({ startLine: at + 1, endLine, startOffset, endOffset });
    startOffset = endOffset;
  }
  return chunks;
}
