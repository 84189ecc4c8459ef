// Working set -> parts of a prompt, in each of the modes that can be compared.

import { createHash } from 'node:crypto';
import type { Part } from '../engine/addon.js';
import type { SegmentPlan } from '../index/types.js';
import { joinTokens } from './profile.js';

/**
 * `leoam`: stored KV; what is not stored yet is computed in place and kept.
 * `rag`: the same passages as text, computed anew, as other tools do.
 * `full`: the whole repository as text, where it fits the window.
 * `none`: the question alone.
 */
export const modes = ['leoam', 'rag', 'full', 'none'] as const;
export type Mode = (typeof modes)[number];

/** A piece of evidence in terms of its segment's chunks; the file header (chunk 0) comes first by itself. */
export interface EvidenceChunks {
  path: string;
  part: number;
  /** Ascending and disjoint. */
  ranges: readonly { first: number; last: number }[];
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
    const segment = lookup.segment(piece.path, piece.part);
    if (segment === undefined) {
      return;
    }
    const text = chunkTokens(segment, piece.ranges);
    const added: Part[] =
      mode === 'rag'
        ? [{ kind: 'text', tokens: text.tokens }]
        : storedOrKept(segment, piece.ranges, text, lookup);
    parts.push(...added);
    evidenceOf.push(...added.map(() => index));
    tokens += text.tokens.length;
  });
  return { parts, evidenceOf, tokens };
}

/** The whole repository as text: one part a segment, so that a session can reuse it from the front. */
export function fullParts(segments: readonly SegmentPlan[]): EvidenceParts {
  return {
    parts: segments.map((segment) => ({
      kind: 'text',
      tokens: segment.part === 0 ? segment.tokens : withoutHeader(segment),
    })),
    evidenceOf: segments.map((_, index) => index),
    tokens: segments.reduce((sum, segment) => sum + segment.tokens.length, 0),
  };
}

interface ChunkTokens {
  tokens: Int32Array;
  chunkEnds: Uint32Array;
}

function storedOrKept(
  segment: SegmentPlan,
  ranges: EvidenceChunks['ranges'],
  text: ChunkTokens,
  lookup: SegmentLookup,
): Part[] {
  const kept = passageKey(segment.key, ranges);
  const [segmentStored, passageStored] = lookup.hasSegments([segment.key, kept]);
  if (segmentStored === true) {
    return withHeader(ranges).map(({ first, last }) => ({
      kind: 'chunks',
      key: segment.key,
      first,
      last,
    }));
  }
  if (passageStored === true) {
    return [{ kind: 'chunks', key: kept, first: 0, last: text.chunkEnds.length }];
  }
  return [{ kind: 'keep', key: kept, tokens: text.tokens, chunkEnds: text.chunkEnds }];
}

/** Key of a passage that was computed in a prompt before its file was read. */
export function passageKey(segmentKey: string, ranges: EvidenceChunks['ranges']): string {
  const name = withHeader(ranges)
    .map(({ first, last }) => `${first}-${last}`)
    .join(',');
  return createHash('sha256').update(`passage ${segmentKey} ${name}`).digest('hex');
}

/** Tokens of the header and of the ranges, with chunk ends counted from the start of the piece. */
export function chunkTokens(segment: SegmentPlan, ranges: EvidenceChunks['ranges']): ChunkTokens {
  const pieces: Int32Array[] = [];
  const chunkEnds: number[] = [];
  let length = 0;
  for (const { first, last } of withHeader(ranges)) {
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

function withHeader(ranges: EvidenceChunks['ranges']): { first: number; last: number }[] {
  const [head, ...rest] = ranges;
  if (head === undefined) {
    return [{ first: 0, last: 1 }];
  }
  return head.first <= 1
    ? [{ first: 0, last: head.last }, ...rest]
    : [{ first: 0, last: 1 }, ...ranges];
}

function withoutHeader(segment: SegmentPlan): Int32Array {
  return segment.tokens.subarray(segment.chunks[0]?.tokenEnd ?? 0);
}
