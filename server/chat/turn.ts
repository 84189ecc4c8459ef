// One turn of a conversation made ready for the engine: question -> working set -> parts.

import type { Part } from '../engine/addon.js';
import type { TierOptions } from '../engine/tierOptions.js';
import { checkFitsWindow, type LeoEngine } from '../engine/engine.js';
import type { RepositoryIndex } from '../index/types.js';
import { evidenceParts, type EvidenceParts, type Mode } from '../prompt/parts.js';
import type { PromptProfile } from '../prompt/profile.js';
import { questionTokens, type Quote } from '../prompt/question.js';
import type { Evidence, WorkingSet } from '../retrieval/source.js';
import {
  defaultSelection,
  needsRepair,
  repairShare,
  selectWorkingSet,
  type HeadScorer,
  type SelectionOptions,
} from '../retrieval/workingSet.js';
import { unseenMentions } from './unseenMentions.js';
import { wholeRepository, type ReadMissing } from './wholeRepository.js';

/** What every question needs: a repository, and an engine that speaks to a model. */
export interface AskContext {
  engine: LeoEngine;
  profile: PromptProfile;
  repository: RepositoryIndex;
  /** Present when the model's retrieval heads are known. */
  scoreByHeads?: HeadScorer;
  /** For a whole repository (mode `full`) that stays on disk; absent: all of it is held. */
  tiers?: TierOptions;
  /** Called before a session takes up stored evidence, by a name of its own: the same is held once for all. */
  onEvidence?: (name: string) => void;
}

export interface TurnOptions {
  question: string;
  mode: Mode;
  /** Room that the answer needs in the window. */
  maxTokens: number;
  selection?: Partial<SelectionOptions>;
  /** Share of stored tokens to recompute; `auto`: only where several files take part. */
  repair?: 'auto' | number;
  /** Words that the answer is made to start with. */
  answerStart?: string;
  /** Code that stands beside the question, such as the editor's selection. */
  quotes?: readonly Quote[];
  /** Of a whole repository that stays on disk; absent: what is not read yet is refused. */
  readMissing?: ReadMissing;
}

/** What came before in the same session. */
export interface EarlierTurns {
  parts: Part[];
  tokens: number;
  /** Evidence that the session already holds: indices in `parts` by its name (`evidenceName`). */
  evidence: ReadonlyMap<string, readonly number[]>;
  /** Files of which the session holds text. */
  paths: ReadonlySet<string>;
  /** What the conversation began with in mode full: it is evidence of every turn. */
  whole?: WholeRepository;
  /** The latest question, where its evidence is not in the session any more: it is searched for again. */
  question?: string;
}

export interface WholeRepository {
  sources: Evidence[];
  tokens: number;
  /** Files and folders that were named when these were chosen. */
  mentioned: readonly string[];
  /** What it lacks. */
  warning?: string;
}

export interface Turn {
  /** Parts of this turn alone: what opens a later turn, evidence, the question. */
  parts: Part[];
  /** Index in `parts` of what is run as one piece, the question. */
  questionPart: number;
  /** For each part the index of its source in `sources`, or -1. */
  sourceOf: number[];
  sources: Evidence[];
  /** What was chosen as well and the session holds from earlier turns. */
  heldSources: Evidence[];
  /** As EarlierTurns have it; of this turn or an earlier one. */
  whole?: WholeRepository;
  /** The question with its frame. */
  questionTokens: number;
  /** Tokens of this turn's evidence. */
  workingSetTokens: number;
  repairShare: number;
  selectMs: number;
  /** What the evidence lacks, in a sentence for the user. */
  warning?: string;
}

export const noTurns: EarlierTurns = {
  parts: [],
  tokens: 0,
  evidence: new Map(),
  paths: new Set(),
};
/** Characters of quoted code that take part in the search. */
const searchedCharacters = 600;

/**
 * Selects evidence and makes the parts. Throws "question-too-long" when they do not fit, "not-read"
 * where the store must hold a repository and does not, "store-too-small" where it cannot.
 */
export async function prepareTurn(
  context: AskContext,
  options: TurnOptions,
  earlier: EarlierTurns = noTurns,
): Promise<Turn> {
  const { engine, profile } = context;
  const started = performance.now();
  const first = earlier.parts.length === 0;
  const question = await questionTokens(profile, engine, {
    question: options.question,
    first,
    ...(options.quotes === undefined ? {} : { quotes: options.quotes }),
  });
  const opening: Part[] = first ? [] : [{ kind: 'text', tokens: profile.nextTurn }];
  // A part of its own, as an answer is: so a session that wrote it finds it again.
  const [startTokens = new Int32Array()] = await engine.tokenize(
    [options.answerStart ?? ''],
    false,
  );
  const start: Part[] = startTokens.length > 0 ? [{ kind: 'text', tokens: startTokens }] : [];
  const framed = question.length + startTokens.length + (first ? 0 : profile.nextTurn.length);
  const fixed = profile.preamble.length + earlier.tokens + framed;
  checkFitsWindow('The question', fixed, engine.info.context, options.maxTokens);
  const room = engine.info.context - options.maxTokens - fixed;

  const gathered = await gatherEvidence(context, options, room, earlier);
  const { sources, made, whole } = gathered;
  const mentioned = options.selection?.mentioned ?? [];
  const seen = whole && {
    paths: whole.sources.map(({ path }) => path),
    mentioned: whole.warning === undefined ? [] : whole.mentioned, // else there was room for all
  };
  const unseen =
    options.mode === 'none' ? undefined : unseenMentions(context.repository, mentioned, seen);
  const warnings = [whole?.warning, unseen].filter((one) => one !== undefined);
  return {
    parts: [...opening, ...made.parts, { kind: 'text', tokens: question }, ...start],
    // Without new evidence between them, opening and question are one piece.
    questionPart: made.parts.length === 0 ? 0 : opening.length + made.parts.length,
    sourceOf: [...opening.map(() => -1), ...made.evidenceOf, -1, ...start.map(() => -1)],
    sources,
    heldSources: gathered.held,
    questionTokens: framed,
    workingSetTokens: made.tokens,
    repairShare: shareToRepair(options, { evidence: sources, tokens: made.tokens }),
    selectMs: performance.now() - started,
    ...(whole === undefined ? {} : { whole }),
    ...(warnings.length === 0 ? {} : { warning: warnings.join(' ') }),
  };
}

/** Tells evidence apart across turns. */
export function evidenceName({ path, ranges }: Pick<Evidence, 'path' | 'ranges'>): string {
  return `${path}:${ranges.map(({ part, first, last }) => `${part}/${first}-${last}`).join(',')}`;
}

interface Gathered {
  sources: Evidence[];
  held: Evidence[];
  made: EvidenceParts;
  whole?: WholeRepository;
}

const nothing: Gathered = {
  sources: [],
  held: [],
  made: { parts: [], evidenceOf: [], tokens: 0 },
};

async function gatherEvidence(
  context: AskContext,
  options: TurnOptions,
  room: number,
  earlier: EarlierTurns,
): Promise<Gathered> {
  const { repository, engine } = context;
  switch (options.mode) {
    case 'none':
      return nothing;
    case 'full':
      return earlier.whole === undefined
        ? { ...nothing, ...(await wholeRepository(context, wholeOf(options, earlier, room))) }
        : { ...nothing, held: earlier.whole.sources, whole: earlier.whole };
    case 'leoam':
    case 'rag': {
      const selection = { ...defaultSelection, ...options.selection };
      const workingSet = await selectWorkingSet(
        repository,
        searchText(options, earlier.question),
        { ...selection, maxTokens: Math.min(selection.maxTokens, room) },
        context.scoreByHeads,
      );
      const isHeld = (piece: Evidence): boolean => earlier.evidence.has(evidenceName(piece));
      const sources = workingSet.evidence.filter((piece) => !isHeld(piece));
      const made = evidenceParts(options.mode, sources, {
        segment: (path, part) => repository.segment(path, part),
        hasSegments: (keys) => engine.hasSegments(keys),
      });
      return { sources, held: workingSet.evidence.filter(isHeld), made };
    }
  }
}

/** The question's words, what the quoted code is about, and what the question may refer to. */
function searchText({ question, quotes = [] }: TurnOptions, earlier: string | undefined): string {
  const code = quotes.map(({ text }) => text).join('\n');
  return [question, code.slice(0, searchedCharacters), earlier ?? ''].filter(Boolean).join('\n');
}

/**
 * Turns that were told as text, behind the whole repository: tiers hold what a session begins with.
 * Leaves room for what `options` ask next.
 */
export async function behindWholeRepository(
  context: AskContext,
  options: TurnOptions,
  told: EarlierTurns,
): Promise<EarlierTurns> {
  const { engine, profile } = context;
  const { question, quotes = [], maxTokens } = options;
  const next = await questionTokens(profile, engine, { question, quotes, first: false });
  const framed = told.tokens + profile.nextTurn.length + next.length;
  const room = engine.info.context - maxTokens - profile.preamble.length - framed;
  const asked = wholeOf(options, told, Math.max(0, room));
  const { sources, made, whole } = await wholeRepository(context, asked);
  return {
    ...told,
    parts: [...made.parts, ...told.parts],
    tokens: made.tokens + told.tokens,
    evidence: new Map(
      sources.map((source, index) => [
        evidenceName(source),
        made.evidenceOf.flatMap((of, part) => (of === index ? [part] : [])),
      ]),
    ),
    paths: new Set(sources.map(({ path }) => path)),
    whole,
  };
}

function wholeOf(
  options: TurnOptions,
  { question }: Pick<EarlierTurns, 'question'>,
  room: number,
): Parameters<typeof wholeRepository>[1] {
  const { selection, readMissing } = options;
  const mentioned = selection?.mentioned ?? [];
  return { question: searchText(options, question), mentioned, room, readMissing };
}

function shareToRepair(options: TurnOptions, workingSet: WorkingSet): number {
  if (options.mode !== 'leoam') {
    return 0;
  }
  const wanted = options.repair ?? 'auto';
  if (wanted !== 'auto') {
    return wanted;
  }
  return needsRepair(workingSet) ? repairShare : 0;
}
