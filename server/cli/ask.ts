// leoam ask: one question and its answer, or a prompt that takes one question after another.

import { createInterface } from 'node:readline/promises';
import { askContext } from '../assistant.js';
import { Conversation, type AskOptions, type AskResult } from '../chat/conversation.js';
import type { Source } from '../chat/citations.js';
import { isCancelled } from '../engine/errors.js';
import { numberOption, stringOption, UsageError, flag } from './arguments.js';
import {
  checkNotEmpty,
  close,
  openBoth,
  questionOptions,
  type CommandContext,
  type CommandFunction,
  type Opened,
} from './common.js';
import { readRepository } from './index.js';
import { rounded } from './output.js';

/** Tokens of an interactive conversation before it starts over with fresh evidence. */
const conversationTokens = 12288;

/** Sources that are worth a line on the screen. */
const shownSources = 5;

export const askCommand: CommandFunction = async (context) => {
  const { line, output } = context;
  const [question, ...more] = line.positionals;
  if (more.length > 0) {
    throw new UsageError('One question at a time: put it in quotes.');
  }
  if (question === undefined && output.isJson) {
    throw new UsageError('--json needs a question.');
  }
  if (question?.trim() === '') {
    throw new UsageError('The question is empty.');
  }
  const options = askOptions(context);
  const opened = await openBoth(context);
  try {
    checkNotEmpty(opened.repository);
    if (flag(line, 'index')) {
      await readRepository(opened, context);
    }
    return question === undefined
      ? await prompt(opened, options, context)
      : await answerOnce(opened, { ...options, question }, context);
  } finally {
    await close(opened);
  }
};

type WithoutQuestion = Omit<AskOptions, 'question'>;

function askOptions({ line }: CommandContext): WithoutQuestion {
  const maxTokens = numberOption(line, 'max-tokens', { min: 1, max: 32768 });
  const temperature = numberOption(line, 'temperature', { min: 0, max: 5, integer: false });
  const seed = numberOption(line, 'seed', { min: 0, max: 2 ** 32 - 1 });
  return {
    ...questionOptions(line),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { sampling: { temperature, seed: seed ?? 0 } }),
  };
}

async function answerOnce(
  opened: Opened,
  options: AskOptions,
  { output, signal }: CommandContext,
): Promise<number> {
  const conversation = new Conversation(askContext(opened.assistant, opened.repository));
  try {
    const result = await conversation.ask({
      ...options,
      signal,
      onText: (text) => output.text(text),
      onWarning: (warning) => output.note(warning),
    });
    output.json(askReport(opened, result));
    output.text(`\n${sourceLines(result.sources)}`);
    return 0;
  } finally {
    conversation.dispose();
  }
}

/** What --json prints. */
function askReport({ assistant, indexMs }: Opened, result: AskResult): unknown {
  return rounded({
    ...result,
    timings: { loadMs: assistant.loadMs, indexMs, ...result.timings },
  });
}

/** Questions one after the other. Ctrl+C ends an answer; at the prompt, twice, the program. */
async function prompt(
  opened: Opened,
  options: WithoutQuestion,
  { line, output }: CommandContext,
): Promise<number> {
  const conversation = new Conversation(
    askContext(opened.assistant, opened.repository),
    conversationTokens,
  );
  const terminal = createInterface({
    input: process.stdin,
    output: process.stderr,
    prompt: '> ',
    terminal: process.stdin.isTTY,
  });
  let running: AbortController | undefined;
  let leaving = false;
  terminal.on('SIGINT', () => {
    if (running !== undefined) {
      running.abort();
    } else if (leaving) {
      terminal.close();
    } else {
      leaving = true;
      output.note('\nCtrl+C once more (or Ctrl+D) to leave.');
      terminal.prompt();
    }
  });
  output.note(
    `Ask about ${stringOption(line, 'repo') ?? 'this folder'} (${opened.assistant.engine.model.id}). Empty line: new conversation.`,
  );
  terminal.prompt();
  try {
    for await (const typed of terminal) {
      leaving = false;
      const question = typed.trim();
      if (question === '') {
        conversation.restart();
        output.note('A new conversation.');
      } else {
        running = new AbortController();
        await answerInPrompt(
          conversation,
          { ...options, question, signal: running.signal },
          output,
        );
        running = undefined;
      }
      terminal.prompt();
    }
    return 0;
  } finally {
    terminal.close();
    conversation.dispose();
  }
}

/** One answer of the prompt. A failure is told and the prompt goes on. */
async function answerInPrompt(
  conversation: Conversation,
  options: AskOptions,
  output: CommandContext['output'],
): Promise<void> {
  try {
    const result = await conversation.ask({
      ...options,
      onText: (text) => output.text(text),
      onWarning: (warning) => output.note(warning),
    });
    output.text(`\n${sourceLines(result.sources)}`);
  } catch (error) {
    output.note(
      isCancelled(error) ? '\nStopped.' : error instanceof Error ? error.message : String(error),
    );
  }
}

/** Sources as `path:line`, the weightiest first. */
export function sourceLines(sources: readonly Source[]): string {
  return sources
    .slice(0, shownSources)
    .map(({ path, startLine, endLine }) => `  ${path}:${startLine}-${endLine}\n`)
    .join('');
}
