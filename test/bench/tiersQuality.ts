// How good what a row of bench tiers writes is: against what is written where all is in memory, on
// gold answers to the repository's questions, and on code that follows the context.

import type { Assistant } from '../../server/assistant.js';
import type { GenerateResult, Part, ScoreResult } from '../../server/engine/addon.js';
import type { LeoSession } from '../../server/engine/session.js';
import { goldText } from '../../server/cli/answers.js';
import { goldStart } from '../../server/cli/eval.js';
import { questionTokens } from '../../server/prompt/question.js';
import type { Question } from '../quality/load.js';
import { mean } from './statistics.js';
import type { Way } from './tiersWays.js';

export interface Quality {
  /** Of the tokens that follow where all is in memory, each given those before it: the likeliest here. */
  topAgreement: number;
  /** Nats a token of these above those of `memory`. */
  nllDifference: number;
  /** Of what may follow, nats a token: what `memory` thinks of it to what is thought here. */
  klDivergence: number;
  /**
   * Tokens from the start on that are those of `full-disk`, of those that are decoded; of answers that
   * are written together their mean, to as many together there.
   */
  sameTokens?: number;
  /** Of tokens that were guessed, the right ones; of `lossless`. */
  accepted?: number;
  /** Of gold answers: nats a token, the questions' mean. */
  goldNll?: number;
  /** Of the questions, those of whose gold answer each token is the likeliest. */
  goldMatched?: number;
  /** Of code that follows the context, over what it is in `memory`. */
  perplexityRatio?: number;
}

/** A prompt behind the context, as the engine takes it. */
export interface Prompt {
  parts: Part[];
  questionPart: number;
  repair: { share: number };
}

/** What is judged, the same for all rows of a context. */
export interface Judged {
  context: Part[];
  /** As much of the code that follows the context as is to be judged. */
  code: Int32Array;
  gold: { prompt: Prompt; target: Int32Array }[];
}

/** The questions whose answers stand in files of the context, with these answers. */
export async function goldOf(
  { engine, profile }: Assistant,
  context: Part[],
  questions: readonly Question[],
): Promise<Judged['gold']> {
  return Promise.all(
    questions.map(async (question) => {
      const tokens = await questionTokens(profile, engine, {
        ...{ question: question.question, first: true, answerStart: goldStart },
      });
      const [target] = await engine.tokenize([goldText(question)]);
      return { prompt: promptOf(context, tokens), target: target ?? new Int32Array() };
    }),
  );
}

export function promptOf(context: readonly Part[], tokens: Int32Array): Prompt {
  const parts: Part[] = [...context, { kind: 'text', tokens }];
  return { parts, questionPart: context.length, repair: { share: 0 } };
}

/** What is said where answers are written together. */
export const notJudgedTogether =
  'Of answers that are written together only sameTokens tells how good they are: the engine judges ' +
  'one sequence at a time, which then chooses for itself what it attends to and not with the others.';

/** Judges the rows of one context; `memory` comes first, then `full-disk`. */
export class QualityOfRows {
  private target: Int32Array = new Int32Array();
  private logits: Float32Array = new Float32Array();
  private nll = 0;
  private codeNll = 0;
  /** What `full-disk` writes, by how many answers are written together. */
  private readonly exact = new Map<number, Int32Array[]>();

  constructor(private readonly judged: Judged) {}

  /** `answers`: to as many of the prompts, which the sessions still hold; one alone is judged in full. */
  async of(
    way: Way,
    sessions: readonly LeoSession[],
    prompts: readonly Prompt[],
    answers: readonly GenerateResult[],
  ): Promise<Partial<Quality>> {
    const written = answers.map(({ tokens }) => tokens);
    if (way === 'full-disk') {
      this.exact.set(written.length, written);
    }
    const exact = this.exact.get(written.length);
    return {
      ...(sessions.length === 1
        ? await this.ofOne(way, sessions[0]!, prompts[0]!, answers[0]!)
        : {}),
      ...(exact === undefined ? {} : { sameTokens: sameTokens(exact, written) }),
    };
  }

  private async ofOne(
    way: Way,
    session: LeoSession,
    prompt: Prompt,
    answer: GenerateResult,
  ): Promise<Quality> {
    this.target = way === 'memory' ? answer.tokens : this.target;
    const score = await session.score({ ...prompt, target: this.target, keepLogits: true }, 'chat');
    const logits = score.logits ?? new Float32Array();
    const nll = nllOf(score);
    const codeNll = await this.nllOfCode(session);
    if (way === 'memory') {
      [this.nll, this.codeNll, this.logits] = [nll, codeNll, logits];
    }
    const { tokensDrafted, tokensAccepted } = answer.counters;
    return {
      topAgreement: mean(Array.from(score.argmax)),
      nllDifference: nll - this.nll,
      klDivergence: divergence(this.logits, logits, this.target.length),
      ...(tokensDrafted > 0 ? { accepted: tokensAccepted / tokensDrafted } : {}),
      ...(await this.gold(session)),
      ...(this.judged.code.length > 0 ? { perplexityRatio: Math.exp(codeNll - this.codeNll) } : {}),
    };
  }

  private async gold(session: LeoSession): Promise<Pick<Quality, 'goldNll' | 'goldMatched'>> {
    const scores: ScoreResult[] = [];
    for (const { prompt, target } of this.judged.gold) {
      scores.push(await session.score({ ...prompt, target }, 'chat'));
    }
    return scores.length === 0
      ? {}
      : {
          goldNll: mean(scores.map(nllOf)),
          goldMatched: mean(scores.map(({ argmax }) => (argmax.every((hit) => hit === 1) ? 1 : 0))),
        };
  }

  /** Nats a token, each given those before it. */
  private async nllOfCode(session: LeoSession): Promise<number> {
    const { code, context } = this.judged;
    return code.length === 0
      ? 0
      : nllOf(
          await session.score(
            { ...promptOf(context, code.slice(0, 1)), target: code.slice(1) },
            'chat',
          ),
        );
  }
}

function nllOf({ logProbabilities }: ScoreResult): number {
  return -mean(Array.from(logProbabilities));
}

/** Mean Kullback-Leibler divergence of `rows` rows of logits, nats. */
export function divergence(exact: Float32Array, other: Float32Array, rows: number): number {
  const columns = exact.length / Math.max(1, rows);
  const sums = Array.from({ length: rows }, (_, row) => {
    const p = exact.subarray(row * columns, (row + 1) * columns);
    const q = other.subarray(row * columns, (row + 1) * columns);
    const [logP, logQ] = [logSum(p), logSum(q)];
    return p.reduce((sum, value, i) => {
      const log = value - logP;
      return sum + Math.exp(log) * (log - ((q[i] ?? 0) - logQ));
    }, 0);
  });
  return mean(sums);
}

function logSum(logits: Float32Array): number {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  return highest + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}

/** How many tokens from the start on each answer shares with the one in its place; their mean. */
export function sameTokens(exact: readonly Int32Array[], answers: readonly Int32Array[]): number {
  return mean(exact.map((one, index) => sameFromStart(one, answers[index] ?? new Int32Array())));
}

function sameFromStart(a: Int32Array, b: Int32Array): number {
  const other = a.findIndex((token, i) => token !== b[i]);
  return other < 0 ? a.length : other;
}
