// The kept tokens of a repository's chunks under one tokeniser, by the hash of the file they
// are of: a file that was renamed or copied, or that a branch brings back, finds its own.

import type { PreviousSegment } from './types.js';

export interface PackEntry {
  /** sha256 of the file and how it was cut. */
  hash: string;
  /** Tokens of each chunk, over all parts, headers left out. */
  counts: number[];
  /** All chunks' tokens in a row. */
  tokens: Int32Array;
}

/** What is kept beside the tokens; true for one set of key parts only. */
export interface PackExtras {
  keyParts: string;
  previous: [path: string, segments: PreviousSegment[]][];
}

export interface TokenPack extends PackExtras {
  entries: Map<string, PackEntry>;
}

/** Bytes: length of the JSON head (4), the head, filled up to a multiple of 4, the tokens. */
export function encodePack(entries: Iterable<PackEntry>, extras: PackExtras): Buffer {
  const all = [...entries];
  const head = Buffer.from(
    JSON.stringify({ ...extras, entries: all.map(({ hash, counts }) => [hash, counts]) }),
  );
  const start = align(4 + head.length);
  const total = all.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const bytes = Buffer.alloc(start + total * 4);
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, 4);
  let offset = start;
  for (const { tokens } of all) {
    bytes.set(new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength), offset);
    offset += tokens.byteLength;
  }
  return bytes;
}

/** Reads what `encodePack` wrote; its caller has checked that it is whole. */
export function decodePack(bytes: Uint8Array): TokenPack {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headLength = view.getUint32(0, true);
  const head = JSON.parse(
    Buffer.from(bytes.subarray(4, 4 + headLength)).toString(),
  ) as PackExtras & {
    entries: [string, number[]][];
  };
  // A copy of its own, so that it is aligned and the file's buffer can go.
  const all = new Int32Array(new Uint8Array(bytes.subarray(align(4 + headLength))).buffer);
  let offset = 0;
  const entries = new Map<string, PackEntry>();
  for (const [hash, counts] of head.entries) {
    const length = counts.reduce((sum, count) => sum + count, 0);
    entries.set(hash, { hash, counts, tokens: all.subarray(offset, offset + length) });
    offset += length;
  }
  return { keyParts: head.keyParts, previous: head.previous, entries };
}

function align(offset: number): number {
  return (offset + 3) & ~3;
}
