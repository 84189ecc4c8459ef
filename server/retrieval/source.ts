// What retrieval needs of a repository's index, and the words in which it answers.

import type { Passage, SymbolDefinition } from '../index/types.js';

export interface RankedPassage {
  passage: Passage;
  /** Higher is better; comparable within one search only. */
  score: number;
}

/** The index as retrieval sees it. */
export interface PassageSource {
  /** Lexical search, best first. */
  search(query: string, limit: number): Promise<RankedPassage[]>;
  /** Passages of a file in the order of their lines. */
  passagesOf(path: string): readonly Passage[];
  /** Every definition of a name in the repository. */
  definitionsOf(name: string): readonly SymbolDefinition[];
  /** The text of lines (1-based, inclusive) as it was when the file was read. */
  textOf(path: string, startLine: number, endLine: number): string;
}

/** Why a passage takes part. */
export type Reason =
  | { kind: 'lexical' }
  | { kind: 'head' }
  | { kind: 'definition'; name: string };

export interface ChunkRange {
  first: number;
  /** Exclusive. */
  last: number;
}

/** One piece of evidence: neighbouring passages of one file, read from one segment. */
export interface Evidence {
  path: string;
  /** Lines of the passages; a signature shown before them is not counted. */
  startLine: number;
  endLine: number;
  part: number;
  /** Chunks to attend besides the file header, ascending and disjoint: enclosing signature, passages. */
  ranges: ChunkRange[];
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

export const emptyWorkingSet: WorkingSet = { evidence: [], tokens: 0 };
