// Answers a set of questions in several ways through the eval service, one loaded model per
// way of storing KV. Rows that were measured before are taken from the cache.

import { askContext, openAssistant, type Assistant } from '../../server/assistant.js';
import { prepareTurn, type AskContext } from '../../server/chat/turn.js';
import {
  answerTokens,
  questionRunner,
  type EvalRow,
  type QuestionRunner,
} from '../../server/cli/eval.js';
import type { EvalQuestion } from '../../server/cli/evalFile.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import type { ResolvedModel } from '../../server/models/index.js';
import type { QualityRepo, Question } from '../quality/load.js';
import { openIndexed, repositoryFolder } from './repositories.js';
import { rowKey, type RowCache } from './rowCache.js';
import { everySeconds, note } from './support.js';
import type { Variant } from './variants.js';

/** One question answered in one way. */
export interface Answered {
  repo: string;
  question: Question;
  variant: string;
  row: EvalRow;
  /** True when the row was measured by another build of the engine. */
  otherBuild: boolean;
}

export interface AnswerOptions {
  home: string;
  model: ResolvedModel;
  threads: number;
  variants: readonly Variant[];
  repos: readonly QualityRepo[];
  cache: RowCache;
}

/** Where the window has no room for a repository, mode `full` gives no rows but with tiers. */
export async function answerAll(options: AnswerOptions): Promise<Answered[]> {
  const answered: Answered[] = [];
  for (const variants of groupByStorage(options.variants)) {
    const assistant = await openFor(options, variants[0]);
    try {
      for (const repo of options.repos) {
        answered.push(...(await answerRepo(assistant, repo, variants, options.cache)));
      }
    } finally {
      await assistant.dispose();
    }
  }
  return answered;
}

/** Variants that can share a loaded engine: those that store KV alike. */
function groupByStorage(variants: readonly Variant[]): Variant[][] {
  const groups = new Map<string, Variant[]>();
  for (const variant of variants) {
    const storage = `${variant.precision ?? ''} ${variant.preamble ?? ''}`;
    groups.set(storage, [...(groups.get(storage) ?? []), variant]);
  }
  return [...groups.values()];
}

function openFor(
  { home, model, threads }: AnswerOptions,
  variant: Variant | undefined,
): Promise<Assistant> {
  return openAssistant({
    home,
    model: model.path,
    threads,
    ...(variant?.precision === undefined ? {} : { precision: variant.precision }),
    ...(variant?.preamble === undefined ? {} : { preamble: variant.preamble }),
  });
}

async function answerRepo(
  assistant: Assistant,
  repo: QualityRepo,
  variants: readonly Variant[],
  cache: RowCache,
): Promise<Answered[]> {
  const index = await openIndexed(assistant, await repositoryFolder(repo));
  try {
    const answered: Answered[] = [];
    for (const variant of variants) {
      const { tiers } = variant;
      const takesAll = variant.options.mode === 'full' && tiers === undefined;
      if (takesAll && !fitsWindow(assistant, index)) {
        note(`${repo.name} does not fit the window; no mode "full".`);
        continue;
      }
      const context = askContext(assistant, index, tiers === undefined ? {} : { tiers });
      answered.push(...(await answerVariant(context, repo, variant, cache)));
    }
    return answered;
  } finally {
    await index.close();
  }
}

/** Room for a question and for the frame of the prompt. */
const questionRoom = 512;

function fitsWindow({ engine }: Assistant, index: RepositoryIndex): boolean {
  return index.totalTokens + questionRoom + answerTokens <= engine.info.context;
}

async function answerVariant(
  context: AskContext,
  repo: QualityRepo,
  variant: Variant,
  cache: RowCache,
): Promise<Answered[]> {
  const { options, written } = variant;
  const runner = questionRunner(context, options, new AbortController().signal, written);
  const progress = everySeconds(10, (done: number) =>
    note(`${repo.name}, ${variant.name}: ${String(done)} of ${String(repo.questions.length)}`),
  );
  try {
    const answered: Answered[] = [];
    for (const question of repo.questions) {
      progress(answered.length);
      const { row, build } = await answerOne(context, runner, question, variant, cache);
      const otherBuild = build !== cache.build;
      answered.push({ repo: repo.name, question, variant: variant.name, row, otherBuild });
    }
    return answered;
  } finally {
    runner.dispose();
  }
}

async function answerOne(
  context: AskContext,
  runner: QuestionRunner,
  question: Question,
  { options, written, tiers }: Variant,
  cache: RowCache,
): ReturnType<RowCache['add']> {
  const turn = await prepareTurn(context, {
    ...options,
    question: question.question,
    maxTokens: answerTokens,
  });
  const key = rowKey(turn, [
    context.engine.model.hash,
    context.engine.system.kvVersion,
    answerTokens,
    ...(tiers === undefined ? [] : [JSON.stringify(tiers)]),
    question.answers,
    question.mustAll,
    ...(written === undefined ? [] : [written]),
  ]);
  return cache.get(key) ?? cache.add(key, await runner.run(evalQuestion(question)));
}

export function evalQuestion({ question, answers, mustAll, source }: Question): EvalQuestion {
  return {
    question,
    source,
    ...(answers === undefined ? {} : { answers }),
    ...(mustAll === undefined ? {} : { mustAll }),
  };
}
