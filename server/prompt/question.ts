// The text of a prompt around its evidence. What a person wrote is tokenised with control
// tokens switched off, apart from the frame, so that no question can end its own turn.

import type { NativeEngine } from '../engine/addon.js';
import { joinTokens, type PromptProfile } from './profile.js';

export interface QuestionText {
  question: string;
  /** First turn of a conversation, or a later one. */
  first: boolean;
  /** Words that the answer is made to start with. */
  answerStart?: string;
}

/** Tokens of a question with its frame, up to where the answer begins. */
export async function questionTokens(
  profile: PromptProfile,
  tokenizer: Pick<NativeEngine, 'tokenize'>,
  { question, first, answerStart }: QuestionText,
): Promise<Int32Array> {
  const [words, start] = await tokenizer.tokenize([question.trim(), answerStart ?? ''], false);
  return joinTokens([
    first ? profile.questionStart : profile.nextQuestionStart,
    words ?? new Int32Array(),
    profile.questionEnd,
    start ?? new Int32Array(),
  ]);
}
