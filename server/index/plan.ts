// From a cut file and its tokens to what the rest of the server works with: segment plans,
// passages, keys.

import { createHash } from 'node:crypto';
import type { CutFile } from './cut.js';
import type {
  Chunk,
  FileEntry,
  KeyParts,
  Passage,
  PreviousSegment,
  SegmentPlan,
  SymbolDefinition,
} from './types.js';

/** Everything about one file, ready for use. */
export interface PlannedFile {
  entry: FileEntry;
  cut: CutFile;
  firstId: number;
  plans: SegmentPlan[];
  passages: Passage[];
}

/** Tokens of a file's chunks over all parts, in a row, and how many each has. */
export interface ChunkTokens {
  counts: number[];
  tokens: Int32Array;
}

/** Names a segment in the store: the same key is the same KV in the same chunks. */
export function segmentKey(
  keyParts: KeyParts,
  path: string,
  tokens: Int32Array,
  chunks: readonly Chunk[],
): string {
  const { model, tokenizer, kvVersion, precision, preamble } = keyParts;
  return createHash('sha256')
    .update(JSON.stringify([model, tokenizer, kvVersion, precision, preamble, path, tokens.length]))
    .update(new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength))
    .update(chunks.map(({ tokenEnd }) => tokenEnd).join())
    .digest('hex');
}

export function planFile(
  cut: CutFile,
  firstId: number,
  header: Int32Array,
  chunkTokens: ChunkTokens,
  keyParts: KeyParts,
): PlannedFile {
  const plans = planSegments(cut, header, chunkTokens, keyParts);
  const tokens = plans.reduce((sum, plan) => sum + plan.tokens.length, 0);
  const { path, bytes, mtimeMs, hash, lines } = cut;
  return {
    entry: { path, bytes, mtimeMs, hash, lines, tokens },
    cut,
    firstId,
    plans,
    passages: cut.passages.map((passage, i) => {
      const chunks = plans[passage.part]?.chunks;
      const start = chunks?.[passage.firstChunk - 1]?.tokenEnd ?? 0;
      const end = chunks?.[passage.lastChunk - 1]?.tokenEnd ?? start;
      return { ...passage, id: firstId + i, path, tokens: end - start };
    }),
  };
}

function planSegments(
  cut: CutFile,
  header: Int32Array,
  chunkTokens: ChunkTokens,
  keyParts: KeyParts,
): SegmentPlan[] {
  let chunk = 0;
  let offset = 0;
  return cut.parts.map((part, number) => {
    const chunks: Chunk[] = [
      { startLine: 0, endLine: 0, startOffset: 0, endOffset: 0, tokenEnd: header.length },
    ];
    let tokenEnd = header.length;
    for (let i = 0; i < part.length; i += 4) {
      tokenEnd += chunkTokens.counts[chunk++] ?? 0;
      chunks.push({
        startLine: part[i] ?? 0,
        endLine: part[i + 1] ?? 0,
        startOffset: part[i + 2] ?? 0,
        endOffset: part[i + 3] ?? 0,
        tokenEnd,
      });
    }
    const tokens = new Int32Array(tokenEnd);
    tokens.set(header);
    const length = tokenEnd - header.length;
    tokens.set(chunkTokens.tokens.subarray(offset, offset + length), header.length);
    offset += length;
    return {
      key: segmentKey(keyParts, cut.path, tokens, chunks),
      path: cut.path,
      part: number,
      tokens,
      chunks,
    };
  });
}

/** Joins the tokens of chunks that were tokenised one by one. */
export function joinChunks(chunks: Int32Array[]): ChunkTokens {
  const counts = chunks.map((chunk) => chunk.length);
  const tokens = new Int32Array(counts.reduce((sum, count) => sum + count, 0));
  let offset = 0;
  for (const chunk of chunks) {
    tokens.set(chunk, offset);
    offset += chunk.length;
  }
  return { counts, tokens };
}

/** The other way: a planned file's chunks without headers. */
export function chunkTokensOf(plans: readonly SegmentPlan[]): ChunkTokens {
  return joinChunks(
    plans.flatMap(({ tokens, chunks }) =>
      chunks.slice(1).map((chunk, i) => tokens.subarray(chunks[i]?.tokenEnd ?? 0, chunk.tokenEnd)),
    ),
  );
}

/** What is remembered of a segment whose file changed. */
export function rememberSegment({ key, tokens, chunks }: SegmentPlan): PreviousSegment {
  const bounds = chunks.map(({ tokenEnd }) => tokenEnd);
  return {
    key,
    chunkHashes: bounds.map((end, i) => hashTokens(tokens.subarray(bounds[i - 1] ?? 0, end))),
  };
}

/** FNV-1a over whole tokens, 32 bits. */
function hashTokens(tokens: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const token of tokens) {
    hash = Math.imul(hash ^ token, 0x01000193);
  }
  return hash >>> 0;
}

export function definitionsOfCut(cut: CutFile): SymbolDefinition[] {
  return cut.definitions.map(([name, kind, startLine, endLine]) => ({
    name,
    kind,
    path: cut.path,
    startLine,
    endLine,
  }));
}
