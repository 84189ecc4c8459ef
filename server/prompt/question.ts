// The text of a prompt around its evidence. What a person wrote is tokenised with control
// tokens switched off, apart from the frame, so that no question can end its own turn.

import type { NativeEngine } from '../engine/addon.js';
import { joinTokens, type PromptProfile } from './profile.js';

/** Code that a question is about, as it stands in the editor, saved or not. */
export interface Quote {
  path: string;
  /** 1-based and inclusive. */
  startLine: number;
  endLine: number;
  text: string;
}

export interface QuestionText {
  question: string;
  /** Stands before the question's words. */
  quotes?: readonly Quote[];
  /** First turn of a conversation, or a later one. */
  first: boolean;
  /** Words that the answer is made to start with. */
  answerStart?: string;
}

/** Tokens of a question with its frame, up to where the answer begins. */
export async function questionTokens(
  profile: PromptProfile,
  tokenizer: Pick<NativeEngine, 'tokenize'>,
  { question, quotes = [], first, answerStart }: QuestionText,
): Promise<Int32Array> {
  const asked = `${quotes.map(quoteText).join('')}${question.trim()}`;
  const [words, start] = await tokenizer.tokenize([asked, answerStart ?? ''], false);
  return joinTokens([
    first ? profile.questionStart : profile.nextQuestionStart,
    words ?? new Int32Array(),
    profile.questionEnd,
    start ?? new Int32Array(),
  ]);
}

function quoteText({ path, startLine, endLine, text }: Quote): string {
  return `Lines ${startLine}-${endLine} of ${path}:\n\`\`\`\n${text.replace(/\n$/u, '')}\n\`\`\`\n`;
}
