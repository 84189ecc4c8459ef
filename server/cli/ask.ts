// leoam ask: one question and its answer, or a prompt that takes one question after another.

import { checkNotEmpty } from '../assistant.js';
import type { AskOptions, AskResult } from '../chat/asked.js';
import { Conversation } from '../chat/conversation.js';
import { numberOption, UsageError, flag } from './arguments.js';
import {
  askContextFor,
  close,
  openBoth,
  questionOptions,
  type CommandContext,
  type CommandFunction,
  type Opened,
} from './common.js';
import { readingLine, readRepository } from './index.js';
import { rounded, sourceLines } from './output.js';
import { questionPrompt } from './prompt.js';

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
      ? await questionPrompt(opened, options, context)
      : await answerOnce(opened, { ...options, question }, context);
  } finally {
    await close(opened);
  }
};

function askOptions({ line }: CommandContext): Omit<AskOptions, 'question'> {
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
  { line, output, signal }: CommandContext,
): Promise<number> {
  const conversation = new Conversation(askContextFor(opened, line));
  try {
    const result = await conversation.ask({
      ...options,
      signal,
      onReading: (progress) => output.progress(readingLine(progress)),
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
