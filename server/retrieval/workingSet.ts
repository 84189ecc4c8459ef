// Question -> working set: lexical passages, on request fused with the retrieval heads'
// ranking, and the definitions of the symbols that they mention. The defaults are the best
// of seven selections measured end to end: five passages and three definitions followed;
// fusion hurts plain facts below eight passages. The best passage stands last, next to the
// question: stored KV answers better so (ARCHITECTURE.md, Answers).

import type { ChunkRange, Passage, SearchHit } from '../index/types.js';
import { fuseRankings, rankByScores } from './fusion.js';
import { followSymbols } from './follow.js';
import { mentionedFirst } from './mentioned.js';
import type { Evidence, EvidenceRange, PassageSource, Reason, WorkingSet } from './source.js';

export const evidenceOrders = ['best-last', 'best-first', 'path'] as const;
export type EvidenceOrder = (typeof evidenceOrders)[number];

export interface SelectionOptions {
  /** Passages by rank. */
  passages: number;
  /** Definitions added at most. */
  follow: number;
  /** Passages whose lexical score is below this share of the best one's are left out; 0: none. */
  peakShare: number;
  /** Tokens that the whole may take; what ranks last is left out. */
  maxTokens: number;
  /** Where the best passage stands in the prompt, or as the files lie in the repository. */
  order: EvidenceOrder;
  /** Join the retrieval heads' ranking: from eight passages up, always, or never. */
  heads: 'auto' | 'on' | 'off';
  /** Candidates that the heads score. */
  headCandidates: number;
  /** Files, and folders (`src/`), that the user has named: their passages come first. */
  mentioned: readonly string[];
  /** Known to belong to the question; they come after the passages by rank. */
  known: readonly ChosenPassage[];
  /** Text of which the names may be defined as the question's own are; no passage is looked for with it. */
  alsoNamed: string;
  /** The file that the question stands in: its imports tell definitions of the same name apart. */
  from?: string;
}

export const defaultSelection: SelectionOptions = {
  passages: 5,
  follow: 3,
  peakShare: 0.2,
  maxTokens: 4096,
  order: 'best-last',
  heads: 'auto',
  headCandidates: 64,
  mentioned: [],
  known: [],
  alsoNamed: '',
};

/** Candidates that are looked through for those of a named file. */
const mentionedCandidates = 400;

/** Retrieval heads' scores of passages, one each; NaN where a passage is not stored. */
export type HeadScorer = (
  question: string,
  passages: readonly Passage[],
) => Promise<ArrayLike<number>>;

/** From this many passages up, fusion with the heads gains. */
const fusionPassages = 8;

/** Tokens of a file header, about: it is not counted in a passage's own. */
const headerTokens = 12;

export async function selectWorkingSet(
  source: PassageSource,
  question: string,
  options: SelectionOptions = defaultSelection,
  scoreByHeads?: HeadScorer,
): Promise<WorkingSet> {
  const candidates = await source.search(
    question,
    options.mentioned.length > 0
      ? mentionedCandidates
      : Math.max(options.headCandidates, options.passages),
  );
  const useHeads =
    scoreByHeads !== undefined &&
    (options.heads === 'on' || (options.heads === 'auto' && options.passages >= fusionPassages));
  const ranked = useHeads
    ? await fuseWithHeads(question, candidates, scoreByHeads)
    : dropLowScores(candidates, options.mentioned.length > 0 ? 0 : options.peakShare);
  const first =
    options.mentioned.length > 0
      ? mentionedFirst(source, ranked, options.mentioned, options.passages)
      : ranked.slice(0, options.passages);
  const lexical = new Set(candidates.slice(0, options.passages).map(({ passage }) => passage.id));
  const chosen: ChosenPassage[] = first.map((passage) => ({
    passage,
    reason: { kind: lexical.has(passage.id) ? 'lexical' : 'head' },
  }));
  const taken = new Set(first.map(({ id }) => id));
  for (const known of options.known) {
    if (!taken.has(known.passage.id)) {
      taken.add(known.passage.id);
      chosen.push(known);
    }
  }
  const { follow, from, alsoNamed } = options;
  const names = alsoNamed === '' ? question : `${question}\n${alsoNamed}`;
  for (const { passage, name } of await followSymbols(source, names, first, follow, from)) {
    if (!taken.has(passage.id)) {
      chosen.push({ passage, reason: { kind: 'definition', name } });
    }
  }
  return assemble(chosen, options);
}

/** Passages of more than one file: stored KV alone loses answers there, so part of it is recomputed. */
export function needsRepair(workingSet: WorkingSet): boolean {
  return new Set(workingSet.evidence.map((evidence) => evidence.path)).size > 1;
}

/** Share of the stored tokens to recompute where repair is needed: closes the gap to fresh text. */
export const repairShare = 0.15;

export interface ChosenPassage {
  passage: Passage;
  reason: Reason;
}

async function fuseWithHeads(
  question: string,
  candidates: readonly SearchHit[],
  scoreByHeads: HeadScorer,
): Promise<Passage[]> {
  const passages = candidates.map(({ passage }) => passage);
  const scores = await scoreByHeads(question, passages);
  return fuseRankings([passages, rankByScores(passages, scores)], (passage) => passage.id);
}

function dropLowScores(candidates: readonly SearchHit[], peakShare: number): Passage[] {
  const best = candidates[0]?.score ?? 0;
  return candidates.filter(({ score }) => score >= best * peakShare).map(({ passage }) => passage);
}

/** Joins neighbours, keeps to the token budget and puts the evidence into prompt order. */
export function assemble(
  chosen: readonly ChosenPassage[],
  options: Pick<SelectionOptions, 'maxTokens' | 'order'>,
): WorkingSet {
  const evidence: Evidence[] = [];
  let tokens = 0;
  for (const { passage, reason } of chosen) {
    const cost = passage.tokens + headerTokens;
    if (evidence.length > 0 && tokens + cost > options.maxTokens) {
      break;
    }
    tokens += cost;
    const neighbour = evidence.findIndex((other) => touches(other, passage));
    const known = evidence[neighbour];
    if (known === undefined) {
      evidence.push(evidenceOf(passage, reason, evidence.length));
    } else {
      evidence[neighbour] = merge(known, evidenceOf(passage, known.reason, known.rank));
    }
  }
  if (options.order === 'best-last') {
    evidence.reverse();
  } else if (options.order === 'path') {
    evidence.sort((a, b) =>
      a.path < b.path ? -1 : a.path > b.path ? 1 : a.startLine - b.startLine,
    );
  }
  return { evidence, tokens };
}

function evidenceOf(passage: Passage, reason: Reason, rank: number): Evidence {
  const shown = passage.enclosing === undefined ? [passage] : [passage.enclosing, passage];
  return {
    path: passage.path,
    startLine: passage.startLine,
    endLine: passage.endLine,
    ranges: joinRanges(shown.map(rangeOf)),
    tokens: passage.tokens,
    rank,
    reason,
  };
}

function rangeOf({ part, firstChunk, lastChunk }: ChunkRange): EvidenceRange {
  return { part, first: firstChunk, last: lastChunk };
}

/** The passage continues the evidence: same file, lines that follow or precede at once. */
function touches(evidence: Evidence, passage: Passage): boolean {
  return (
    evidence.path === passage.path &&
    passage.startLine <= evidence.endLine + 1 &&
    evidence.startLine <= passage.endLine + 1
  );
}

function merge(a: Evidence, b: Evidence): Evidence {
  return {
    ...a,
    startLine: Math.min(a.startLine, b.startLine),
    endLine: Math.max(a.endLine, b.endLine),
    ranges: joinRanges([...a.ranges, ...b.ranges]),
    tokens: a.tokens + b.tokens,
  };
}

/** Ascending, disjoint; overlapping and adjoining ranges of one segment become one. */
export function joinRanges(ranges: readonly EvidenceRange[]): EvidenceRange[] {
  const joined: EvidenceRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.part - b.part || a.first - b.first)) {
    const previous = joined.at(-1);
    if (previous !== undefined && previous.part === range.part && range.first <= previous.last) {
      previous.last = Math.max(previous.last, range.last);
    } else {
      joined.push({ ...range });
    }
  }
  return joined;
}
