// Cuts a file into parts (segments), passages and chunks. All three are runs of pieces, each
// level inside the one above, and all use the same rule: from the last cut on, take the best
// place in a window of sizes; among equally good places the text there decides (its hash).
// So a cut depends on the text near it only, and an edit moves the cuts near it and soon
// meets the old ones again.

import { hashText, piecesOf, type CutLevel, type Piece } from './pieces.js';
import type { ChunkRange, SymbolDefinition, SymbolKind } from './types.js';

/** A file cut without a tokeniser; chunk numbers count the header chunk of each part as 0. */
export interface CutFile {
  path: string;
  bytes: number;
  mtimeMs: number;
  /** sha256 of the bytes. */
  hash: string;
  /** Names the text and the way it was cut: what the tokens of its chunks depend on. */
  packKey: string;
  lines: number;
  /** Per part its chunks, four numbers each: startLine, endLine, startOffset, endOffset. */
  parts: number[][];
  passages: CutPassage[];
  /** Name, kind, startLine, endLine. */
  definitions: [string, SymbolKind, number, number][];
  /** What the file imports, as written there. */
  imports: string[];
}

export type CutPassage = ChunkRange & { enclosing?: ChunkRange };

/** Raise it when the same text would be cut in another way; kept indexes are then rebuilt. */
export const CUT_VERSION = 4;

interface Window {
  min: number;
  max: number;
  /** Less than this is not left over for the last piece of the row. */
  tail: number;
  /** What is no longer than this is not cut. */
  whole: number;
}

const PART: Window = { min: 900, max: 2000, tail: 500, whole: 1600 };
const PASSAGE: Window = { min: 120, max: 280, tail: 60, whole: 260 };
const CHUNK: Window = { min: 32, max: 62, tail: 10, whole: 62 };

const MAX_SIGNATURE_LINES = 5;

interface Range {
  from: number;
  to: number;
}

/** Cuts a text. `hash` is its sha256; `imports` and the file's stat are for the caller to add. */
export async function cutText(
  path: string,
  text: string,
  hash: string,
): Promise<Omit<CutFile, 'bytes' | 'mtimeMs' | 'imports'>> {
  const { pieces, lineCount, outline } = await piecesOf(path, text);
  const parts = cutRow(pieces, { from: 0, to: pieces.length }, PART);
  const passages = parts.map((part) => cutRow(pieces, part, PASSAGE));
  const signatures = signaturesOf(pieces, passages.flat(), outline.definitions, text);
  const chunks = passages.map((inPart) =>
    inPart.map((passage) => cutChunks(pieces, passage, signatures)),
  );
  const flat = chunks.map((inPart) => inPart.flat().flatMap((chunk) => flatten(pieces, chunk)));
  return {
    path,
    hash,
    packKey: `${hash}-${hashText(flat.join(';')).toString(16)}`,
    lines: lineCount,
    parts: flat,
    passages: placePassages(pieces, passages, chunks, signatures),
    definitions: outline.definitions.map((d) => [d.name, d.kind, d.startLine, d.endLine]),
  };
}

/** Texts of a file's chunks over all parts, headers left out. */
export function chunkTexts(cut: Pick<CutFile, 'parts'>, text: string): string[] {
  return cut.parts.flatMap((part) => {
    const texts: string[] = [];
    for (let i = 0; i < part.length; i += 4) {
      texts.push(text.slice(part[i + 2], part[i + 3]));
    }
    return texts;
  });
}

function cutRow(pieces: Piece[], row: Range, window: Window): Range[] {
  const ranges: Range[] = [];
  let left = sumTokens(pieces, row);
  let from = row.from;
  while (from < row.to) {
    const to = left <= window.whole ? row.to : bestCut(pieces, { from, to: row.to }, left, window);
    ranges.push({ from, to });
    left -= sumTokens(pieces, { from, to });
    from = to;
  }
  return ranges;
}

/** The end of the range that starts at `row.from`; `total` is what the row holds. */
function bestCut(pieces: Piece[], row: Range, total: number, window: Window): number {
  let size = 0;
  let best: { at: number; level: CutLevel; hash: number } | undefined;
  for (let at = row.from; at < row.to; at++) {
    const piece = pieces[at];
    if (!piece) {
      break;
    }
    if (size >= window.min && total - size >= window.tail) {
      const better =
        !best || piece.level < best.level || (piece.level === best.level && piece.hash < best.hash);
      if (better) {
        best = { at, level: piece.level, hash: piece.hash };
      }
    }
    size += piece.tokens;
    if (size > window.max) {
      // Nothing in the window: a piece that is too large stands alone.
      return best?.at ?? (at > row.from ? at : at + 1);
    }
  }
  return best?.at ?? row.to;
}

function sumTokens(pieces: Piece[], range: Range): number {
  let sum = 0;
  for (let i = range.from; i < range.to; i++) {
    sum += pieces[i]?.tokens ?? 0;
  }
  return sum;
}

/** Signature of each definition that reaches over a passage's start, by passage start (piece). */
interface Signatures {
  byPassage: Map<number, Range>;
  /** Pieces at which a chunk must begin. */
  cuts: Set<number>;
}

function signaturesOf(
  pieces: Piece[],
  passages: Range[],
  definitions: SymbolDefinition[],
  text: string,
): Signatures {
  const result: Signatures = { byPassage: new Map(), cuts: new Set() };
  const firstPiece = new Map<number, number>();
  pieces.forEach((piece, i) => {
    if (!firstPiece.has(piece.line)) {
      firstPiece.set(piece.line, i);
    }
  });
  for (const passage of passages) {
    const line = pieces[passage.from]?.line ?? 0;
    // Sorted by start, so the last that reaches over the line is the innermost.
    const around = definitions
      .filter((d) => d.kind !== 'property' && d.startLine < line && d.endLine >= line)
      .at(-1);
    const from = around && firstPiece.get(around.startLine);
    if (around === undefined || from === undefined) {
      continue;
    }
    const to = Math.min(signatureEnd(pieces, from, text), passage.from);
    result.byPassage.set(passage.from, { from, to });
    result.cuts.add(from).add(to);
  }
  return result;
}

/** The piece after the line on which the body opens. */
function signatureEnd(pieces: Piece[], from: number, text: string): number {
  for (let i = from; i < Math.min(from + MAX_SIGNATURE_LINES, pieces.length); i++) {
    const piece = pieces[i];
    if (
      piece &&
      /([{:;,]|=>|\bdo|\bthen)\s*$/.test(text.slice(piece.startOffset, piece.endOffset))
    ) {
      // A parameter list goes on after a comma.
      if (!/,\s*$/.test(text.slice(piece.startOffset, piece.endOffset))) {
        return i + 1;
      }
    }
  }
  return from + 1;
}

function cutChunks(pieces: Piece[], passage: Range, signatures: Signatures): Range[] {
  const chunks: Range[] = [];
  let from = passage.from;
  for (let to = from + 1; to <= passage.to; to++) {
    if (to === passage.to || signatures.cuts.has(to)) {
      chunks.push(...cutRow(pieces, { from, to }, CHUNK));
      from = to;
    }
  }
  return chunks;
}

function flatten(pieces: Piece[], range: Range): [number, number, number, number] {
  const first = pieces[range.from];
  const last = pieces[range.to - 1];
  return [first?.line ?? 0, last?.line ?? 0, first?.startOffset ?? 0, last?.endOffset ?? 0];
}

function placePassages(
  pieces: Piece[],
  passages: Range[][],
  chunks: Range[][][],
  signatures: Signatures,
): CutPassage[] {
  // Where each chunk begins and ends, over all parts, to place the signatures.
  const starts = new Map<number, { part: number; chunk: number }>();
  const ends = new Map<number, { part: number; chunk: number }>();
  chunks.forEach((inPart, part) => {
    inPart.flat().forEach((chunk, i) => {
      starts.set(chunk.from, { part, chunk: i + 1 });
      ends.set(chunk.to, { part, chunk: i + 2 });
    });
  });
  const place = (range: Range): ChunkRange | undefined => {
    const first = starts.get(range.from);
    const last = ends.get(range.to);
    if (!first || !last || first.part !== last.part) {
      return undefined;
    }
    const [startLine, endLine, startOffset, endOffset] = flatten(pieces, range);
    return {
      startLine,
      endLine,
      startOffset,
      endOffset,
      part: first.part,
      firstChunk: first.chunk,
      lastChunk: last.chunk,
    };
  };
  return passages.flat().flatMap((range) => {
    const placed = place(range);
    if (!placed) {
      return [];
    }
    const signature = signatures.byPassage.get(range.from);
    const enclosing = signature && place(signature);
    return [enclosing ? { ...placed, enclosing } : placed];
  });
}
