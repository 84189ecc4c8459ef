// What the index knows of a repository. Lines are 1-based and inclusive; offsets count
// UTF-16 units of the file's text, the end is exclusive; paths are relative to the
// repository's root with forward slashes.

import type { Precision } from '../engine/addon.js';

export interface FileEntry {
  path: string;
  bytes: number;
  mtimeMs: number;
  /** sha256 of the file's bytes, hex. */
  hash: string;
  lines: number;
  /** Tokens of all its segments, headers included. */
  tokens: number;
}

/** Why a file takes no part, in words for people: "binary", "over 1 MiB", "ignored by .gitignore", … */
export interface SkippedFile {
  /** A folder left out as a whole ends with a slash. */
  path: string;
  reason: string;
}

/**
 * A run of whole lines, at most about 64 tokens: the unit of storage and of abstracts. One
 * line that is longer is a chunk of its own; above 512 tokens it is cut within the line.
 */
export interface Chunk {
  startLine: number;
  endLine: number;
  startOffset: number;
  endOffset: number;
  /** Offset in the segment's tokens at which the chunk ends. */
  tokenEnd: number;
}

/**
 * The stored form of a file, or of a part of it where it is longer than about 1.5K tokens
 * (cut at top-level symbols). Chunk 0 is always the header (`<|file_sep|>path` or the model's
 * like), which has no lines (startLine 0, endLine 0).
 */
export interface SegmentPlan {
  /** 64 hex digits: hash of model, KV version, precision, preamble, path, tokens and chunk ends. */
  key: string;
  path: string;
  part: number;
  tokens: Int32Array;
  chunks: Chunk[];
}

/** Chunks [firstChunk, lastChunk) of segment `part` of a file, and the lines they hold. */
export interface ChunkRange {
  startLine: number;
  endLine: number;
  startOffset: number;
  endOffset: number;
  part: number;
  firstChunk: number;
  lastChunk: number;
}

/** The unit of retrieval: whole lines, 150-300 tokens, cut at symbols where possible. */
export interface Passage extends ChunkRange {
  /** Never used twice: a passage keeps it until its file changes. */
  id: number;
  path: string;
  tokens: number;
  /**
   * The chunks that hold the signature of the innermost symbol around the passage's first
   * line, when that symbol begins before it. May lie in an earlier part.
   */
  enclosing?: ChunkRange;
}

export type SymbolKind =
  | 'function'
  | 'class'
  | 'method'
  | 'interface'
  | 'type'
  | 'enum'
  | 'variable'
  | 'module'
  /** An entry of an object that a file sets up at its top level. */
  | 'property';

export interface SymbolDefinition {
  name: string;
  kind: SymbolKind;
  path: string;
  startLine: number;
  endLine: number;
}

/** Turns texts into tokens; `special`: control tokens in the text are recognised. */
export type Tokenize = (texts: string[], special: boolean) => Promise<Int32Array[]>;

/** Everything beside path and tokens that decides what a segment's KV is. */
export interface KeyParts {
  /** Hash of the model file. */
  model: string;
  /** Names the tokeniser: models that share it share cached tokens. */
  tokenizer: string;
  kvVersion: number;
  precision: Precision;
  /** Hash of the preamble's tokens. */
  preamble: string;
}

export interface OpenProgress {
  phase: 'listing' | 'reading' | 'saving';
  filesDone: number;
  filesTotal: number;
  tokens: number;
}

export interface RefreshOptions {
  /** Files that are open in an editor: first in order of use. */
  openFiles?: string[];
  /** By path: what a file is taken to hold, whatever is on disk; until the next refresh. */
  texts?: ReadonlyMap<string, string>;
  signal?: AbortSignal;
  onProgress?: (progress: OpenProgress) => void;
}

export interface OpenOptions extends RefreshOptions {
  root: string;
  /** Where the index is kept between runs: `<home>/repos/<hash of root>/`. */
  home: string;
  tokenize: Tokenize;
  /** Text of a file's header chunk, from the prompt module; tokenised with `special`. */
  header: (path: string) => string;
  keyParts: KeyParts;
  /** Larger files are left out. Default 1 MiB. */
  maxFileBytes?: number;
}

export interface SearchHit {
  passage: Passage;
  score: number;
}

/** What a refresh found, against the state before it. */
export interface Changes {
  added: string[];
  changed: string[];
  removed: string[];
  renamed: { from: string; to: string }[];
}

/** A segment of an earlier text of a file: what an edited file can be read on top of. */
export interface PreviousSegment {
  key: string;
  /** A 32-bit hash of each chunk's tokens, to tell how much two segments share. */
  chunkHashes: number[];
}

/** One opened folder. All line and passage look-ups speak of the state of the last refresh. */
export interface RepositoryIndex {
  readonly root: string;
  /** Every file that takes part, in order of use. */
  readonly files: readonly FileEntry[];
  readonly skipped: readonly SkippedFile[];
  /** Tokens of all segments, headers included. */
  readonly totalTokens: number;
  /** Set when the kept index could not be written or was rebuilt: one sentence for the log. */
  readonly warning: string | undefined;

  passages(): Passage[];
  passage(id: number): Passage | undefined;
  passagesOf(path: string): Passage[];
  /** The passage that holds a line. */
  passageAt(path: string, line: number): Passage | undefined;

  /** All segments, in order of use. */
  segments(): SegmentPlan[];
  segmentsOf(path: string): SegmentPlan[];
  /** The segment that a chunk range of `path` speaks of. */
  segment(path: string, part: number): SegmentPlan | undefined;
  /** Tokens of a chunk range (a passage, its enclosing signature); no header. */
  tokensOf(path: string, range: ChunkRange): Int32Array;
  /** Segments of earlier texts of this path (or of the path it was renamed from), newest first. */
  previousSegments(path: string): PreviousSegment[];

  /** BM25 over passages, best first. */
  search(query: string, limit: number): Promise<SearchHit[]>;
  definitionsOf(name: string): SymbolDefinition[];
  definitionsIn(path: string): SymbolDefinition[];
  /** Files of the repository that this file imports; with `text`, when it holds that. */
  importsOf(path: string, text?: string): string[];

  /** The text of a chunk range. Rejects with code "stale" when the file changed since the last refresh. */
  textOf(path: string, range: ChunkRange): Promise<string>;
  passageText(passage: Passage): Promise<string>;
  /** Whole lines, line ends included. Rejects with code "stale" as `textOf` does. */
  lines(path: string, startLine: number, endLine: number): Promise<string>;

  /** Lists again; only files that changed are cut and tokenised again. */
  refresh(options?: RefreshOptions): Promise<Changes>;
  /** Ends the worker. The kept index on disk is complete after each open and refresh. */
  close(): Promise<void>;
}
