// Answers that are not a chat: lines rewritten to an instruction, a commit message.

import { leoError } from '../engine/errors.js';
import type { Quote } from '../prompt/question.js';
import { rewriteTokens } from '../protocol/chat.js';
import type { AskOptions, AskResult } from './asked.js';
import { Conversation } from './conversation.js';
import type { AskContext } from './turn.js';

const messageTokens = 160;
/** Characters of a diff that are read: what a small model keeps in view. */
const diffCharacters = 6000;

/** The lines as the instruction wants them; the repository's passages that fit it are seen. */
export async function rewrite(
  context: AskContext,
  request: { instruction: string; code: Quote; maxTokens?: number | undefined },
  signal: AbortSignal,
): Promise<string> {
  const { instruction, code } = request;
  const { answer, reason } = await askOnce(context, {
    mode: 'leoam',
    question: `Rewrite these lines: ${instruction}\nAnswer with the new lines alone, in one code block.`,
    quotes: [code],
    maxTokens: request.maxTokens ?? rewriteTokens,
    signal,
  });
  if (reason === 'length') {
    throw leoError(
      'invalid-input',
      'The new lines would be too long: select fewer lines, or raise the limit of an answer.',
    );
  }
  return withIndentOf(code.text, codeIn(answer));
}

/** A subject line, and a body where the model writes one. */
export async function commitMessage(
  context: AskContext,
  diff: string,
  signal: AbortSignal,
): Promise<string> {
  const { answer } = await askOnce(context, {
    mode: 'none',
    question: `${diff.slice(0, diffCharacters)}\n\nWrite the commit message for this diff: one line of at most 72 characters that says what changes, in the imperative. Answer with the message alone.`,
    maxTokens: messageTokens,
    signal,
  });
  return codeIn(answer).replaceAll(/^["'`]+|["'`]+$/gu, '');
}

/** Half an answer is no use here: where it was cancelled, this rejects. */
async function askOnce(
  context: AskContext,
  options: AskOptions & { signal: AbortSignal },
): Promise<AskResult> {
  const conversation = new Conversation(context);
  try {
    const result = await conversation.ask(options);
    options.signal.throwIfAborted();
    return result;
  } finally {
    conversation.dispose();
  }
}

/**
 * What stands in the answer's first code block, or all of it where there is none. Models forget
 * one of the two fences: a lone one with a language opens, a bare one behind code closes.
 */
export function codeIn(answer: string): string {
  const lines = answer.split('\n');
  const fences = lines.flatMap((line, i) => (/^\s*```/u.test(line) ? [i] : []));
  const [first, second] = fences;
  const isClosing =
    first !== undefined &&
    second === undefined &&
    /^\s*```\s*$/u.test(lines[first] ?? '') &&
    lines.slice(0, first).some((line) => line.trim() !== '');
  const code =
    first === undefined
      ? lines
      : isClosing
        ? lines.slice(0, first)
        : lines.slice(first + 1, second ?? lines.length);
  return code.join('\n').replace(/\n$/u, '');
}

/** Models drop the indentation that all lines share; it is put back. */
export function withIndentOf(original: string, code: string): string {
  const wanted = /^[ \t]*(?=\S)/mu.exec(original)?.[0] ?? '';
  const first = /^[ \t]*(?=\S)/mu.exec(code)?.[0] ?? '';
  if (wanted === first || first !== '') {
    return code;
  }
  return code.replaceAll(/^(?=.)/gmu, wanted);
}
