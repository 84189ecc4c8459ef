// The prompt of a cursor: pieces of the file between the marks of the model.

import type { Part } from '../engine/addon.js';
import { joinTokens } from '../prompt/profile.js';
import type { Approximations } from './approximations.js';
import type { Layout, Piece } from './layout.js';
import type { FimMarks } from './marks.js';
import type { TokenCache } from './tokenCache.js';

export interface CursorPrompt {
  /** Behind the passages of other files, before the question. */
  evidence: Part[];
  question: Part[];
  /** All of them. */
  tokens: number;
  /** Of the text right before the cursor. */
  before: Int32Array;
}

export interface PromptFrame {
  /** Of the file; control tokens in it are recognised. */
  header: Int32Array;
  marks: FimMarks;
  tokens: TokenCache;
  approximations: Approximations;
}

export async function cursorPrompt(layout: Layout, frame: PromptFrame): Promise<CursorPrompt> {
  const { header, marks, approximations } = frame;
  const { before, behind } = layout;
  const isPsm = approximations.order === 'psm';
  const isMoved = isPsm && approximations.behind !== 'read';
  const parts = await partsOf([...before, ...behind], frame.tokens, isMoved);
  const prefix = parts.slice(0, before.length);
  const suffix = parts.slice(before.length);
  const typed = prefix.at(-1)?.part;
  if (typed?.kind === 'text') {
    delete typed.movable; // it is what grows
  }
  const mark = (tokens: Int32Array): Sized => sized({ kind: 'text', tokens });
  const shown = approximations.imports === 'on' ? layout.imports : [];
  const imports = (await partsOf(shown, frame.tokens, false)).map(fixed);
  const start = mark(joinTokens([header, marks.prefix]));
  const middle = mark(marks.middle);
  const suffixMark = mark(marks.suffix);
  if (approximations.behind === 'withMark' && suffix.length > 0) {
    suffixMark.part = { ...suffixMark.part, movable: true };
  }
  const stored = prefix.findIndex(({ part }) => part.kind === 'text');
  const first = prefix.slice(0, stored).map(fixed);
  const [evidence, question] = isPsm
    ? [
        [start, ...imports, ...first],
        [...prefix.slice(stored), suffixMark, ...suffix, middle],
      ]
    : [
        [
          mark(joinTokens([header, marks.suffix])),
          ...suffix.map(fixed),
          mark(marks.prefix),
          ...imports,
          ...first,
        ],
        [...prefix.slice(stored), middle],
      ];
  const all = [...evidence, ...question];
  return {
    evidence: evidence.map(({ part }) => part),
    question: question.map(({ part }) => part),
    tokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
    before: joinTokens(
      prefix.slice(-2).map(({ part }) => (part.kind === 'text' ? part.tokens : new Int32Array())),
    ),
  };
}

interface Sized {
  part: Extract<Part, { kind: 'text' | 'chunks' }>;
  tokens: number;
}

async function partsOf(
  pieces: readonly Piece[],
  cache: TokenCache,
  isMovable: boolean,
): Promise<Sized[]> {
  const texts = pieces.map((piece) => (piece.kind === 'text' ? piece.text : ''));
  const tokens = await cache.of(texts);
  const movable = isMovable ? { movable: true } : {};
  return pieces.map((piece, index) =>
    piece.kind === 'stored'
      ? { part: { ...piece.part, movable: true }, tokens: piece.tokens }
      : sized({ kind: 'text', tokens: tokens[index] ?? new Int32Array(), ...movable }),
  );
}

/** As evidence, a part is where it is. */
function fixed({ part, tokens }: Sized): Sized {
  const rest = { ...part };
  delete rest.movable;
  return { part: rest, tokens };
}

function sized(part: Extract<Part, { kind: 'text' }>): Sized {
  return { part, tokens: part.tokens.length };
}
