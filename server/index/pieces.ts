// A file as a row of pieces, the smallest things that cuts fall between: its lines, and for
// the rare line of more than 512 tokens the parts of that line. Each piece knows how good a
// place the cut before it would be.

import { estimateTokens } from './estimate.js';
import { indentOf, outlineOf, withComments, type Outline } from './outline.js';

/** Quality of a cut before a piece; lower is better. */
export enum CutLevel {
  TopLevel = 0,
  Definition = 1,
  Paragraph = 2,
  InnerParagraph = 3,
  Statement = 4,
  Continuation = 5,
  WithinLine = 6,
}

export interface Piece {
  /** 1-based. */
  line: number;
  startOffset: number;
  endOffset: number;
  /** Estimated. */
  tokens: number;
  level: CutLevel;
  /** Of the text at the cut: decides between cuts of one level, so that they do not depend on what lies far away. */
  hash: number;
}

const MAX_LINE_TOKENS = 512;
const LINE_PART_TOKENS = 256;

export interface PiecedFile {
  pieces: Piece[];
  lineCount: number;
  outline: Outline;
}

/** Splits a text into pieces. Line ends stay with their lines. */
export async function piecesOf(path: string, text: string): Promise<PiecedFile> {
  const starts = lineStarts(text);
  const lines = starts.map((start, i) => text.slice(start, starts[i + 1] ?? text.length));
  const bare = lines.map((line) => line.trimEnd());
  const outline = await outlineOf(path, text, bare);
  const definitionStarts = new Set(
    outline.definitions
      .filter(({ kind }) => kind !== 'variable' && kind !== 'property')
      .map(({ startLine }) => withComments(bare, startLine)),
  );
  const pieces: Piece[] = [];
  lines.forEach((line, i) => {
    const level = outline.topLevelStarts.has(i + 1)
      ? CutLevel.TopLevel
      : definitionStarts.has(i + 1)
        ? CutLevel.Definition
        : levelByLook(bare, i);
    const piece: Piece = {
      line: i + 1,
      startOffset: starts[i] ?? 0,
      endOffset: (starts[i] ?? 0) + line.length,
      tokens: estimateTokens(line),
      level,
      hash: hashText(`${line}${lines[i + 1] ?? ''}`),
    };
    if (piece.tokens > MAX_LINE_TOKENS) {
      pieces.push(...splitLine(piece, line));
    } else {
      pieces.push(piece);
    }
  });
  return { pieces, lineCount: lines.length, outline };
}

/** Offsets at which the lines of a text begin. "\r\n" and "\n" end a line; a last line may have no end. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1);
  }
  if (starts.length > 1 && starts.at(-1) === text.length) {
    starts.pop();
  }
  return starts;
}

function levelByLook(lines: string[], i: number): CutLevel {
  const line = lines[i] ?? '';
  if (line === '' || /^\s*([)\]}]|\*|else\b|catch\b|finally\b|except\b|elif\b|end\b)/.test(line)) {
    return CutLevel.Continuation;
  }
  const indent = indentOf(line);
  if ((lines[i - 1] ?? '') === '') {
    return indent === 0 ? CutLevel.Paragraph : CutLevel.InnerParagraph;
  }
  // Deeper than the line before: it belongs to that line.
  return indent > indentOf(lines[i - 1] ?? '') ? CutLevel.Continuation : CutLevel.Statement;
}

function splitLine(line: Piece, text: string): Piece[] {
  const length = Math.max(1, Math.floor((text.length * LINE_PART_TOKENS) / line.tokens));
  const parts: Piece[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.length - start <= length ? text.length : goodEnd(text, start, start + length);
    const part = text.slice(start, end);
    parts.push({
      line: line.line,
      startOffset: line.startOffset + start,
      endOffset: line.startOffset + end,
      tokens: estimateTokens(part),
      level: start === 0 ? line.level : CutLevel.WithinLine,
      hash: hashText(part),
    });
    start = end;
  }
  return parts;
}

/** The last white space or separator before `end`, else `end`, never inside a surrogate pair. */
function goodEnd(text: string, start: number, end: number): number {
  for (let i = end; i > (start + end) / 2; i--) {
    if (/[\s,;]/.test(text[i - 1] ?? '')) {
      return i;
    }
  }
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code < 0xdc00 && end - 1 > start ? end - 1 : end;
}

/** FNV-1a, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
