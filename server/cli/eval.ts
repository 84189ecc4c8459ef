// leoam eval: answers a file of questions in one mode and counts what is right. Greedy and
// at most 100 tokens in every mode, so that only the evidence differs.

import { checkNotEmpty } from '../assistant.js';
import type { Source } from '../chat/citations.js';
import type { AskCounters } from '../chat/asked.js';
import { Conversation } from '../chat/conversation.js';
import type { AskContext } from '../chat/turn.js';
import { numberOption, UsageError } from './arguments.js';
import { goldText, isCorrect } from './answers.js';
import {
  askContextFor,
  close,
  openBoth,
  questionOptions,
  type CommandFunction,
  type QuestionOptions,
} from './common.js';
import { readEvalFile, type EvalQuestion } from './evalFile.js';
import { rounded } from './output.js';

/** Length of an answer at most. */
export const answerTokens = 100;

/** The gold answer's likelihood is measured behind these words, so that its form does not count. */
export const goldStart = 'The answer is: `';

/** Sources that count for recall. */
const recallSources = 5;

export interface EvalRow {
  question: string;
  answer: string;
  correct: boolean;
  /** Nats per token of the first accepted answer. */
  goldNll: number;
  sources: Source[];
  ttftMs: number;
  counters: AskCounters;
}

export interface EvalReport {
  n: number;
  correct: number;
  goldNll: number;
  sourceRecallAt5: number | null;
  medianTtftMs: number;
  mode: string;
  model: string;
  rows: EvalRow[];
}

export const evalCommand: CommandFunction = async (context) => {
  const { line, output, signal } = context;
  const [file, ...more] = line.positionals;
  if (file === undefined || more.length > 0) {
    throw new UsageError('"leoam eval" takes one file of questions.');
  }
  const options = questionOptions(line);
  const limit = numberOption(line, 'limit', { min: 1 });
  const questions = (await readEvalFile(file)).slice(0, limit);
  const opened = await openBoth(context);
  try {
    checkNotEmpty(opened.repository);
    const rows: EvalRow[] = [];
    const runner = questionRunner(askContextFor(opened, line), options, signal);
    try {
      for (const question of questions) {
        output.progress(`Question ${rows.length + 1} of ${questions.length}`);
        rows.push(await runner.run(question));
      }
    } finally {
      runner.dispose();
    }
    const report = summarize(questions, rows, options.mode, opened.assistant.engine.model.id);
    output.json(rounded(report));
    output.text(reportText(report));
    return 0;
  } finally {
    await close(opened);
  }
};

/** Answers questions about one repository in one way. */
export interface QuestionRunner {
  run(question: EvalQuestion): Promise<EvalRow>;
  dispose(): void;
}

/**
 * Each question gets a session of its own; only `full` keeps one, whose front is always the same.
 * `written`: the share of each question that it is prepared for before it is asked; absent: it comes
 * all at once.
 */
export function questionRunner(
  context: AskContext,
  options: QuestionOptions,
  signal: AbortSignal,
  written?: number,
): QuestionRunner {
  const keepsSession = options.mode === 'full';
  // What stays on disk needs no room in the session.
  const isHeld = keepsSession && context.tiers === undefined;
  const tokens = isHeld ? context.engine.info.context : undefined;
  let kept: Conversation | undefined;
  return {
    async run(question) {
      const conversation = kept ?? new Conversation(context, tokens);
      kept = keepsSession ? conversation : undefined;
      try {
        if (written !== undefined) {
          const begun = firstWords(question.question, written);
          await conversation.prepareFor({
            ...options,
            question: begun,
            maxTokens: answerTokens,
            signal,
          });
        }
        return await answerAndScore(conversation, question, options, signal);
      } finally {
        conversation.restart();
        if (!keepsSession) {
          conversation.dispose();
        }
      }
    },
    dispose: () => kept?.dispose(),
  };
}

/** At least one. */
function firstWords(text: string, share: number): string {
  const words = text.split(' ');
  return words.slice(0, Math.max(1, Math.round(share * words.length))).join(' ');
}

async function answerAndScore(
  conversation: Conversation,
  question: EvalQuestion,
  options: QuestionOptions,
  signal: AbortSignal,
): Promise<EvalRow> {
  const turn = { ...options, question: question.question, maxTokens: answerTokens, signal };
  const result = await conversation.ask(turn);
  conversation.restart();
  const score = await conversation.score({ ...turn, answerStart: goldStart }, goldText(question));
  return {
    question: question.question,
    answer: result.answer,
    correct: isCorrect(result.answer, question),
    goldNll: score.nll,
    sources: result.sources,
    ttftMs: result.timings.ttftMs,
    counters: result.counters,
  };
}

export function summarize(
  questions: readonly EvalQuestion[],
  rows: EvalRow[],
  mode: string,
  model: string,
): EvalReport {
  const recalls = rows.flatMap((row, i) => recall(questions[i]?.source, row.sources) ?? []);
  return {
    n: rows.length,
    correct: rows.filter((row) => row.correct).length,
    goldNll: mean(rows.map((row) => row.goldNll)),
    sourceRecallAt5: recalls.length === 0 ? null : mean(recalls),
    medianTtftMs: median(rows.map((row) => row.ttftMs)),
    mode,
    model,
    rows,
  };
}

/** 1 when every source file is among the first five sources; undefined where none is named. */
function recall(source: EvalQuestion['source'], found: readonly Source[]): number | undefined {
  if (source === undefined) {
    return undefined;
  }
  const paths = new Set(found.slice(0, recallSources).map(({ path }) => path));
  return [source].flat().every((path) => paths.has(path)) ? 1 : 0;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function reportText(report: EvalReport): string {
  const wrong = report.rows.filter((row) => !row.correct);
  const recalled =
    report.sourceRecallAt5 === null
      ? ''
      : `, source among the first five: ${Math.round(100 * report.sourceRecallAt5)}%`;
  return [
    ...wrong.map((row) => `wrong: ${row.question}\n       ${row.answer.replace(/\s+/gu, ' ')}`),
    `${report.correct} of ${report.n} right, gold NLL ${report.goldNll.toFixed(3)}${recalled}, median first token ${Math.round(report.medianTtftMs)} ms (${report.model}, ${report.mode})`,
    '',
  ].join('\n');
}
