// What retrieval needs of a repository's index, and the words in which it answers.

import type { RepositoryIndex } from '../index/types.js';

/** The index as retrieval sees it. */
export type PassageSource = Pick<
  RepositoryIndex,
  'search' | 'passageAt' | 'definitionsOf' | 'importsOf' | 'passageText' | 'files' | 'passagesOf'
>;

/** Lines of a file, 1-based and inclusive. */
export interface FileLines {
  path: string;
  startLine: number;
  endLine: number;
}

/** Why a passage takes part. */
export type Reason =
  | { kind: 'lexical' }
  | { kind: 'head' }
  | { kind: 'definition'; name: string }
  /** Something was written there lately. */
  | { kind: 'written' };

/** Chunks [first, last) of segment `part` of a file. */
export interface EvidenceRange {
  part: number;
  first: number;
  last: number;
}

/**
 * One piece of evidence: neighbouring passages of one file. A signature shown before them is not
 * counted in its lines.
 */
export interface Evidence extends FileLines {
  /** Chunks to attend besides the file header, ascending and disjoint: enclosing signatures, passages. */
  ranges: EvidenceRange[];
  tokens: number;
  /** Place in the ranking, from 0, whatever the order in the prompt. */
  rank: number;
  reason: Reason;
}

/** What a question is answered from, in the order of the prompt. */
export interface WorkingSet {
  evidence: Evidence[];
  tokens: number;
}
