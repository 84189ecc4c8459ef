// Working set -> parts of a prompt, in each of the modes that can be compared.

import { createHash } from 'node:crypto';
import type { Part } from '../engine/addon.js';
import type { SegmentPlan } from '../index/types.js';
import { joinTokens } from './profile.js';

/**
 * `leoam`: stored KV; what is not stored yet is computed in place and kept.
 * `rag`: the same passages as text, computed anew, as other tools do.
 * `full`: the whole repository as text, or as much of it as the window takes.
 * `none`: the question alone.
 */
export const modes = ['leoam', 'rag', 'full', 'none'] as const;
export type Mode = (typeof modes)[number];

/** A piece of evidence in terms of chunks; the file header (chunk 0) comes first by itself. */
export interface EvidenceChunks {
  path: string;
  /** Ascending and disjoint. */
  ranges: readonly { part: number; first: number; last: number }[];
}

export interface SegmentLookup {
  segment(path: string, part: number): SegmentPlan | undefined;
  hasSegments(keys: string[]): boolean[];
}

export interface EvidenceParts {
  parts: Part[];
  /** For each part the index of its evidence. */
  evidenceOf: number[];
  tokens: number;
}

/** Parts of the evidence in the given order. Evidence whose segment is gone from the index is left out. */
export function evidenceParts(
  mode: 'leoam' | 'rag',
  evidence: readonly EvidenceChunks[],
  lookup: SegmentLookup,
): EvidenceParts {
  const parts: Part[] = [];
  const evidenceOf: number[] = [];
  let tokens = 0;
  evidence.forEach((piece, index) => {
    const runs = chunkRuns(piece, lookup);
    const text = textOfRuns(runs);
    const added = mode === 'rag' ? [textPart(text.tokens)] : storedOrKept(runs, text, lookup);
    for (const part of runs.length === 0 ? [] : added) {
      parts.push(part);
      evidenceOf.push(index);
    }
    tokens += text.tokens.length;
  });
  return { parts, evidenceOf, tokens };
}

/** The whole repository as text: one part a segment, so that a session can reuse it from the front. */
export function fullParts(segments: readonly SegmentPlan[]): EvidenceParts {
  const parts = segments.map((segment) => textPart(segment.tokens.subarray(headerTokens(segment))));
  return {
    parts,
    evidenceOf: segments.map((_, index) => index),
    tokens: parts.reduce((sum, part) => sum + part.tokens.length, 0),
  };
}

/** The whole repository from the store, which must hold all of it. */
export function storedParts(segments: readonly SegmentPlan[]): EvidenceParts {
  return {
    parts: segments.map(({ key, part, chunks }) => ({
      ...{ kind: 'chunks', key, first: part === 0 ? 0 : 1, last: chunks.length },
    })),
    evidenceOf: segments.map((_, index) => index),
    tokens: segments.reduce(
      (sum, segment) => sum + segment.tokens.length - headerTokens(segment),
      0,
    ),
  };
}

/** To be left out: the header of a file stands once. */
function headerTokens({ part, chunks }: SegmentPlan): number {
  return part === 0 ? 0 : (chunks[0]?.tokenEnd ?? 0);
}

/** Key of a passage that was computed in a prompt before its file was read. */
export function passageKey(runs: readonly ChunkRun[]): string {
  const hash = createHash('sha256').update('passage');
  for (const { segment, first, last } of runs) {
    hash.update(` ${segment.key}:${first}-${last}`);
  }
  return hash.digest('hex');
}

/** Chunks [first, last) of one segment. */
export interface ChunkRun {
  segment: SegmentPlan;
  first: number;
  last: number;
}

/** The header and then the ranges; the header joins the first range where that follows it at once. */
function chunkRuns(piece: EvidenceChunks, lookup: SegmentLookup): ChunkRun[] {
  const runs: ChunkRun[] = [];
  for (const { part, first, last } of piece.ranges) {
    const segment = lookup.segment(piece.path, part);
    if (segment === undefined) {
      return [];
    }
    const begin = Math.max(first, 1);
    if (runs.length === 0) {
      runs.push({ segment, first: 0, last: begin === 1 ? last : 1 });
      if (begin === 1) {
        continue;
      }
    }
    runs.push({ segment, first: begin, last });
  }
  return runs;
}

interface ChunkText {
  tokens: Int32Array;
  /** Counted from the start of the piece. */
  chunkEnds: Uint32Array;
}

function textOfRuns(runs: readonly ChunkRun[]): ChunkText {
  const pieces: Int32Array[] = [];
  const chunkEnds: number[] = [];
  let length = 0;
  for (const { segment, first, last } of runs) {
    for (let chunk = first; chunk < last; chunk++) {
      const start = chunk === 0 ? 0 : (segment.chunks[chunk - 1]?.tokenEnd ?? 0);
      const end = segment.chunks[chunk]?.tokenEnd ?? start;
      pieces.push(segment.tokens.subarray(start, end));
      length += end - start;
      chunkEnds.push(length);
    }
  }
  return { tokens: joinTokens(pieces), chunkEnds: Uint32Array.from(chunkEnds) };
}

/**
 * Stored chunks where every segment of the piece is stored; else the passage of its own that
 * an earlier question kept; else text to compute and keep.
 */
function storedOrKept(runs: readonly ChunkRun[], text: ChunkText, lookup: SegmentLookup): Part[] {
  const kept = passageKey(runs);
  const stored = lookup.hasSegments([kept, ...runs.map(({ segment }) => segment.key)]);
  if (stored.slice(1).every(Boolean)) {
    return runs.map(({ segment, first, last }) => ({
      kind: 'chunks',
      key: segment.key,
      first,
      last,
    }));
  }
  if (stored[0] === true) {
    return [{ kind: 'chunks', key: kept, first: 0, last: text.chunkEnds.length }];
  }
  return [{ kind: 'keep', key: kept, ...text }];
}

function textPart(tokens: Int32Array): { kind: 'text'; tokens: Int32Array } {
  return { kind: 'text', tokens };
}
