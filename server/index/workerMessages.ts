// What the index worker and its owner say to each other. The worker owns files, cuts and the
// lexical index; the owner owns tokens, because only it can reach the tokeniser.

import type { CutFile } from './cut.js';
import type { LexicalHit } from './lexical.js';
import type { Changes, SkippedFile } from './types.js';

export interface ScanRequest {
  root: string;
  /** Where the kept index lies. */
  folder: string;
  /** Name of the kept tokens. */
  pack: `tokens-${string}`;
  openFiles: string[];
  /** See RefreshOptions. */
  texts: ReadonlyMap<string, string>;
  maxFileBytes: number | undefined;
}

export type ToWorker =
  /** Lists the folder and sends what is new; the first scan starts from the kept index. */
  | { type: 'scan'; request: ScanRequest }
  /** A `files` message has been dealt with. */
  | { type: 'ack' }
  /** Ends a running scan; its results are dropped on both sides. */
  | { type: 'cancel' }
  | { type: 'search'; id: number; query: string; limit: number }
  | { type: 'save'; pack: Uint8Array };

/** A file that the owner does not know yet, or knows with another text. */
export interface ScannedFile {
  cut: CutFile;
  /** Id of its first passage; the others follow. */
  firstId: number;
  /** Texts of all chunks in a row, where their tokens are not kept. */
  texts?: string[];
  /** The file as it was kept, when it changed since the owner's last run. */
  before?: CutFile;
  renamedFrom?: string;
}

export interface ScanOutcome {
  /** Paths of all files, in order of use. */
  order: string[];
  skipped: SkippedFile[];
  changes: Changes;
  /** True when the kept index differs from what is known now. */
  dirty: boolean;
  warning?: string;
}

export type FromWorker =
  /** The kept tokens, before the first `files` of the first scan. */
  | { type: 'pack'; bytes: Uint8Array | undefined }
  | { type: 'files'; files: ScannedFile[]; done: number; total: number }
  | { type: 'scanned'; outcome: ScanOutcome }
  | { type: 'cancelled' }
  | { type: 'failed'; message: string }
  | { type: 'hits'; id: number; hits: LexicalHit[] }
  | { type: 'noHits'; id: number; message: string }
  | { type: 'saved'; warning?: string };
