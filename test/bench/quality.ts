// npm run bench -- quality: right answers and gold likelihood of each mode over the question
// set, and paired differences to `rag`.
//
//   --model ID|PATH   --repos a,b   --kinds a,b   --limit N (a balanced sample)   --threads N
//   --modes none,rag,leoam,leoam:repair=0,full  (see variants.ts)
//   --fresh           measure again what was measured before
//   --dry-run         only say how long it would take

import path from 'node:path';
import { summarize } from '../../server/cli/eval.js';
import { questionKinds, type QualityRepo } from '../quality/load.js';
import { answerAll, evalQuestion, type Answered } from './answers.js';
import { chosenRepos } from './repositories.js';
import { RowCache } from './rowCache.js';
import { balancedSample, median, pairedInterval, type Interval } from './statistics.js';
import {
  announce,
  benchFolder,
  benchHome,
  benchModel,
  benchOptions,
  countOption,
  describeDevice,
  listOption,
  threadsOption,
} from './support.js';
import { parseVariant } from './variants.js';

const defaultModes = ['none', 'rag', 'leoam', 'leoam:repair=0', 'full'];

/** On two cores with the default model; only for the estimate. */
const secondsPerAnswer: Record<string, number> = { none: 6, rag: 22, leoam: 10, full: 15 };

export interface Summary {
  n: number;
  correct: number;
  goldNll: number;
  sourceRecallAt5: number | null;
  medianTtftMs: number;
  /** Median over the questions. */
  tokensComputed: number;
}

/** One variant minus `rag`, over the questions that both answered. */
export interface Difference {
  /** Percentage points. */
  correct: Interval;
  /** Nats a token; negative is better. */
  goldNll: Interval;
}

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['repos', 'kinds', 'limit', 'modes'], ['fresh', 'dry-run']);
  const variants = listOption(values.modes, defaultModes).map(parseVariant);
  const names = values.repos === undefined ? undefined : listOption(values.repos, []);
  const limit =
    values.limit === undefined ? Infinity : countOption('limit', values.limit, Infinity);
  const repos = sampled(ofKinds(await chosenRepos(names), values.kinds), limit);
  const questions = repos.reduce((sum, repo) => sum + repo.questions.length, 0);
  const seconds = variants.reduce(
    (sum, { options }) => sum + questions * (secondsPerAnswer[options.mode] ?? 0),
    0,
  );
  announce(
    `${String(questions)} questions in ${String(variants.length)} modes, at most (less what was measured before; reading the repositories comes on top)`,
    seconds,
  );
  if (values['dry-run']) {
    return { questions, estimatedSeconds: seconds };
  }
  const device = describeDevice();
  const model = await benchModel(values.model);
  const cache = await RowCache.open(
    path.join(benchFolder(), 'quality', `${model.hash.slice(0, 16)}.jsonl`),
    values.fresh ? 'none' : 'all',
  );
  const answered = await answerAll({
    home: await benchHome(),
    model,
    variants,
    repos,
    cache,
    threads: threadsOption(values.threads),
  });
  return {
    model: model.id,
    ...device,
    questions,
    rowsOfOtherBuilds: answered.filter(({ otherBuild }) => otherBuild).length,
    ...qualityReport(
      answered,
      variants.map(({ name }) => name),
    ),
  };
}

/** The tables: each mode by question kind, and differences to `rag` by kind. */
export function qualityReport(
  answered: readonly Answered[],
  variants: readonly string[],
): {
  modes: Record<string, Record<string, Summary>>;
  againstRag: Record<string, Record<string, Difference>>;
} {
  const of = (variant: string): Answered[] => answered.filter((row) => row.variant === variant);
  const rag = of('rag');
  return {
    modes: Object.fromEntries(
      variants.map((variant) => [variant, byKind(of(variant), summary)] as const),
    ),
    againstRag: Object.fromEntries(
      variants
        .filter((variant) => variant !== 'rag' && rag.length > 0)
        .map((variant) => [variant, byKind(paired(of(variant), rag), difference)] as const),
    ),
  };
}

/** `make` over all rows, over each kind of question, and over those that share few words with the answer. */
function byKind<T extends { question: Answered['question'] }, R>(
  rows: readonly T[],
  make: (rows: readonly T[]) => R,
): Record<string, R> {
  const kinds = [...new Set(rows.map(({ question }) => question.kind))].sort();
  const groups: [string, readonly T[]][] = [
    ['all', rows],
    ...kinds.map((kind): [string, readonly T[]] => [
      kind,
      rows.filter(({ question }) => question.kind === kind),
    ]),
    ['reworded', rows.filter(({ question }) => question.reworded === true)],
  ];
  return Object.fromEntries(
    groups.filter(([, group]) => group.length > 0).map(([kind, group]) => [kind, make(group)]),
  );
}

function summary(rows: readonly Answered[]): Summary {
  const { n, correct, goldNll, sourceRecallAt5, medianTtftMs } = summarize(
    rows.map(({ question }) => evalQuestion(question)),
    rows.map(({ row }) => row),
    '',
    '',
  );
  const tokensComputed = median(rows.map(({ row }) => row.counters.tokensComputed));
  return { n, correct, goldNll, sourceRecallAt5, medianTtftMs, tokensComputed };
}

interface Pair {
  question: Answered['question'];
  variant: Answered;
  rag: Answered;
}

function paired(rows: readonly Answered[], rag: readonly Answered[]): Pair[] {
  const ragById = new Map(rag.map((row) => [row.question.id, row]));
  return rows.flatMap((variant) => {
    const other = ragById.get(variant.question.id);
    return other === undefined ? [] : [{ question: variant.question, variant, rag: other }];
  });
}

function difference(pairs: readonly Pair[]): Difference {
  return {
    correct: pairedInterval(
      pairs.map(
        ({ variant, rag }) => 100 * (Number(variant.row.correct) - Number(rag.row.correct)),
      ),
    ),
    goldNll: pairedInterval(pairs.map(({ variant, rag }) => variant.row.goldNll - rag.row.goldNll)),
  };
}

/** The questions of the kinds that a comma-separated list names; without it, all. */
function ofKinds(repos: readonly QualityRepo[], list: string | undefined): QualityRepo[] {
  const kinds = listOption(list, questionKinds);
  const unknown = kinds.filter((kind) => !questionKinds.some((known) => known === kind));
  if (unknown.length > 0) {
    throw new Error(`--kinds: no "${unknown.join(', ')}"; there are ${questionKinds.join(', ')}.`);
  }
  return repos.map((repo) => ({
    ...repo,
    questions: repo.questions.filter(({ kind }) => kinds.includes(kind)),
  }));
}

/** A balanced sample over all repositories together. */
export function sampled(repos: readonly QualityRepo[], limit: number): QualityRepo[] {
  const all = repos.flatMap((repo) =>
    repo.questions.map((question) => ({ name: repo.name, question })),
  );
  const kind = ({ name, question }: (typeof all)[number]): string => `${question.kind} ${name}`;
  const chosen = new Set(balancedSample(all, kind, limit).map(({ question }) => question.id));
  return repos
    .map((repo) => ({ ...repo, questions: repo.questions.filter(({ id }) => chosen.has(id)) }))
    .filter((repo) => repo.questions.length > 0);
}
