// Fills in at a cursor. One session holds the evidence and the file around the cursor: what is
// typed computes its own tokens and two marks, the text behind the cursor is moved (design: the
// kept suffix), and evidence is chosen anew only when the cursor has gone elsewhere.

import type { Counters, Part } from '../engine/addon.js';
import type { LeoEngine, LeoSession, RequestClass } from '../engine/engine.js';
import type { RepositoryIndex } from '../index/types.js';
import { evidenceParts, type EvidenceParts } from '../prompt/parts.js';
import { joinTokens, type PromptProfile } from '../prompt/profile.js';
import type { Evidence } from '../retrieval/source.js';
import { selectForCursor } from './cursorEvidence.js';
import { cursorWindow } from './cursorWindow.js';
import { fimMarks, type FimMarks } from './marks.js';

/**
 * `leoam`: passages from stored KV, the text behind the cursor moved.
 * `rag`: the same passages as text. `file`: no other file.
 * `exact`: as `rag`, and nothing is moved.
 */
export const completionModes = ['leoam', 'rag', 'file', 'exact'] as const;
export type CompletionMode = (typeof completionModes)[number];

export interface CompletionContext {
  engine: LeoEngine;
  profile: PromptProfile;
  repository: RepositoryIndex;
}

export interface CompletionRequest {
  /** Relative to the repository, with forward slashes. */
  path: string;
  /** The file as it is in the editor. */
  text: string;
  /** Of the cursor, in UTF-16 units. */
  offset: number;
  mode: CompletionMode;
  /** Ends at the end of the line. */
  singleLine: boolean;
  maxTokens: number;
  requestClass?: RequestClass;
  signal?: AbortSignal;
}

export interface Completion {
  completion: string;
  reason: 'end' | 'stop' | 'length' | 'cancelled';
  /** The passages that were seen, best first. */
  sources: { path: string; startLine: number; endLine: number }[];
  counters: Counters & { workingSetTokens: number };
  timings: { selectMs: number; ttftMs: number; totalMs: number };
}

/** Evidence, and the cursor for which it was chosen. */
interface Chosen {
  path: string;
  mode: CompletionMode;
  line: number;
  evidence: readonly Evidence[];
  made: EvidenceParts;
}

/** The cursor may go this many lines before other evidence is looked for. */
const nearLines = 20;
/** Room for a longer line than the last. */
const slackTokens = 512;
const nothing: EvidenceParts = { parts: [], evidenceOf: [], tokens: 0 };

export class Completer {
  private readonly marks: FimMarks;
  private session: LeoSession | undefined;
  private sessionTokens = 0;
  private chosen: Chosen | undefined;
  private start: { path: string; at: number } | undefined;

  /** Throws "invalid-input" for a model that cannot fill in. */
  constructor(private readonly context: CompletionContext) {
    this.marks = fimMarks(context.engine);
  }

  async complete(request: CompletionRequest): Promise<Completion> {
    const arrived = performance.now();
    const { path, text, offset, mode, maxTokens } = request;
    const { evidence, made } = await this.evidenceFor(request);
    const selectMs = performance.now() - arrived;
    const previous = this.start?.path === path ? this.start.at : undefined;
    const window = cursorWindow(text, offset, previous);
    this.start = { path, at: window.start };
    const question = await this.questionOf(path, window.prefix, window.suffix, mode);
    const needed = made.tokens + tokensOf(question) + maxTokens;
    const submitted = performance.now();
    const result = await this.sessionFor(needed).generate(
      {
        parts: [...made.parts, ...question],
        questionPart: made.parts.length,
        repair: { share: 0 },
        maxTokens,
        sampling: { temperature: 0 },
        stop: request.singleLine ? ['\n'] : [],
      },
      request.requestClass ?? 'completion',
      request.signal,
    );
    return {
      completion: result.text,
      reason: result.reason,
      sources: [...evidence]
        .sort((a, b) => a.rank - b.rank)
        .map(({ path: of, startLine, endLine }) => ({ path: of, startLine, endLine })),
      counters: { ...result.counters, workingSetTokens: made.tokens },
      timings: {
        selectMs,
        ttftMs: submitted - arrived + result.timings.ttftMs,
        totalMs: performance.now() - arrived,
      },
    };
  }

  dispose(): void {
    this.session?.dispose();
    this.session = undefined;
  }

  private async evidenceFor(
    request: CompletionRequest,
  ): Promise<Pick<Chosen, 'evidence' | 'made'>> {
    const { path, text, offset, mode } = request;
    const { repository, engine } = this.context;
    if (mode === 'file') {
      return { evidence: [], made: nothing };
    }
    const line = text.slice(0, offset).split('\n').length;
    const known = this.chosen;
    if (known?.path === path && known.mode === mode && Math.abs(known.line - line) <= nearLines) {
      return known;
    }
    const { evidence } = await selectForCursor(repository, path, text, offset);
    const made = evidenceParts(mode === 'leoam' ? 'leoam' : 'rag', evidence, {
      segment: (of, part) => repository.segment(of, part),
      hasSegments: (keys) => engine.hasSegments(keys),
    });
    this.chosen = { path, mode, line, evidence, made };
    return this.chosen;
  }

  /** The file around the cursor, in the order that the model was trained with. */
  private async questionOf(
    path: string,
    prefix: string,
    suffix: string,
    mode: CompletionMode,
  ): Promise<TextPart[]> {
    const { engine, profile } = this.context;
    const [header = none] = await engine.tokenize([profile.header(path)], true);
    const [before = none, behind = none] = await engine.tokenize([prefix, suffix], false);
    const kept = { ...textPart(behind), ...(mode === 'exact' ? {} : { movable: true }) };
    return [
      textPart(joinTokens([header, this.marks.prefix, before])),
      textPart(this.marks.suffix),
      ...(behind.length === 0 ? [] : [kept]),
      textPart(this.marks.middle),
    ];
  }

  private sessionFor(tokens: number): LeoSession {
    const needed = this.context.profile.preamble.length + tokens;
    if (this.session === undefined || needed > this.sessionTokens) {
      this.session?.dispose();
      this.sessionTokens = needed + slackTokens;
      this.session = this.context.engine.newSession(this.sessionTokens);
    }
    return this.session;
  }
}

type TextPart = Extract<Part, { kind: 'text' }>;

const none = new Int32Array();

function textPart(tokens: Int32Array): TextPart {
  return { kind: 'text', tokens };
}

function tokensOf(parts: readonly TextPart[]): number {
  return parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
}
