// BM25 over passages, by MiniSearch. Lives in the index worker.

import MiniSearch, { type Options } from 'minisearch';
import { queryTerms, termsOf } from './terms.js';

export interface LexicalDocument {
  id: number;
  text: string;
  path: string;
  /** Names defined in the passage and of the symbols around it. */
  symbols: string;
}

export interface LexicalHit {
  id: number;
  score: number;
}

/** Raise it when the same text would give other terms; kept indexes are then rebuilt. */
export const LEXICAL_VERSION = 1;

const OPTIONS: Options<LexicalDocument> = {
  fields: ['text', 'path', 'symbols'],
  tokenize: termsOf,
  // Terms are folded when they are cut.
  processTerm: (term) => term,
  autoVacuum: { minDirtCount: 200, minDirtFactor: 0.1, batchSize: 1000, batchWait: 1 },
  searchOptions: {
    tokenize: queryTerms,
    boost: { text: 1, path: 1, symbols: 1 },
    bm25: { k: 1.2, b: 0.7, d: 0.5 },
    combineWith: 'OR',
  },
};

/** The searchable passages of one repository. */
export class LexicalIndex {
  private constructor(private readonly search: MiniSearch<LexicalDocument>) {}

  static empty(): LexicalIndex {
    return new LexicalIndex(new MiniSearch(OPTIONS));
  }

  /** Throws when `json` is not what `serialize` wrote. */
  static parse(json: string): LexicalIndex {
    return new LexicalIndex(MiniSearch.loadJSON(json, OPTIONS));
  }

  add(documents: LexicalDocument[]): void {
    this.search.addAll(documents);
  }

  remove(ids: number[]): void {
    this.search.discardAll(ids.filter((id) => this.search.has(id)));
  }

  /** Best first. */
  query(text: string, limit: number): LexicalHit[] {
    if (this.search.dirtCount > 0) {
      // Removed passages leave the counts of a term when it is first looked for; only then are
      // its scores what they are from then on.
      this.search.search(text);
    }
    return this.search
      .search(text)
      .slice(0, limit)
      .map((hit) => ({ id: hit.id as number, score: hit.score }));
  }

  serialize(): string {
    return JSON.stringify(this.search);
  }
}
