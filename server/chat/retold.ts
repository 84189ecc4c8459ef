// Earlier turns of a chat told to a session that did not hear them: after a restart, or when
// its window was full. Their words alone: the evidence is chosen anew for each question.

import { joinTokens } from '../prompt/profile.js';
import { questionTokens } from '../prompt/question.js';
import { noTurns, type AskContext, type EarlierTurns } from './turn.js';

/** A question that was answered. */
export interface Exchange {
  /** Name of the turn. */
  turn: string;
  question: string;
  answer: string;
}

/** What is retold is computed anew, so only the latest turns are, up to about a second's worth. */
const retoldTokens = 768;

/** The latest of the turns as text, as many as fit. */
export async function retold(
  { engine, profile }: Pick<AskContext, 'engine' | 'profile'>,
  turns: readonly Exchange[],
): Promise<EarlierTurns> {
  const kept: Exchange[] = [];
  let tokens = 0;
  for (const turn of [...turns].reverse()) {
    const words = await engine.tokenize([turn.question, turn.answer], false);
    tokens += words.reduce((sum, { length }) => sum + length, 0);
    if (tokens > retoldTokens) {
      break;
    }
    kept.unshift(turn);
  }
  if (kept.length === 0) {
    return noTurns;
  }
  const pieces: Int32Array[] = [];
  for (const { question, answer } of kept) {
    const first = pieces.length === 0;
    const words = await questionTokens(profile, engine, { question, first, answerStart: answer });
    pieces.push(...(first ? [] : [profile.nextTurn]), words);
  }
  const joined = joinTokens(pieces);
  return {
    ...noTurns,
    parts: [{ kind: 'text', tokens: joined }],
    tokens: joined.length,
    question: kept.at(-1)?.question ?? '',
  };
}
