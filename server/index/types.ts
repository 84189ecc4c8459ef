// What the index knows of a repository. Lines are 1-based and inclusive; paths are
// relative to the repository's root with forward slashes.

export interface FileEntry {
  path: string;
  bytes: number;
  mtimeMs: number;
}

/** Why a file takes no part, in words for people: "binary", "over 1 MiB", "ignored by .gitignore", … */
export interface SkippedFile {
  path: string;
  reason: string;
}

/** A run of whole lines, at most about 64 tokens: the unit of storage and of abstracts. */
export interface Chunk {
  startLine: number;
  endLine: number;
  /** Offset in the segment's tokens at which the chunk ends. */
  tokenEnd: number;
}

/**
 * The stored form of a file, or of a part of it where it is longer than 1-2K tokens (cut at
 * top-level symbols). Chunk 0 is always the header (`<|file_sep|>path` or the model's like),
 * which has no lines (startLine 0, endLine 0).
 */
export interface SegmentPlan {
  /** 64 hex digits: hash of model, KV version, precision, preamble, path and tokens. */
  key: string;
  path: string;
  part: number;
  tokens: Int32Array;
  chunks: Chunk[];
}

/** The unit of retrieval: whole lines, 150-300 tokens, cut at symbols where possible. */
export interface Passage {
  /** Position in the index's passage list; stable until the file changes. */
  id: number;
  path: string;
  startLine: number;
  endLine: number;
  tokens: number;
  /** Where its KV lies: chunks [firstChunk, lastChunk) of segment `part` of the file. */
  part: number;
  firstChunk: number;
  lastChunk: number;
  /** Signature of the symbol that encloses the passage's first line, when that begins before it. */
  enclosing?: { startLine: number; endLine: number; firstChunk: number; lastChunk: number };
}

export interface SymbolDefinition {
  name: string;
  kind: 'function' | 'class' | 'method' | 'interface' | 'type' | 'enum' | 'variable' | 'module';
  path: string;
  startLine: number;
  endLine: number;
}
