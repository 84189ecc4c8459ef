// leoam index: reads every file of a repository into the store. Ctrl+C keeps what is done.

import { checkNotEmpty } from '../assistant.js';
import {
  budgetUsedUp,
  indexRepository,
  type IndexProgress,
  type IndexResult,
} from '../index/jobs.js';
import { flag } from './arguments.js';
import {
  close,
  openBoth,
  type CommandContext,
  type CommandFunction,
  type Opened,
} from './common.js';
import { formatBytes, formatSeconds, plural, rounded } from './output.js';

export const indexCommand: CommandFunction = async (context) => {
  const opened = await openBoth(context);
  try {
    checkNotEmpty(opened.repository);
    const result = await readRepository(opened, context, flag(context.line, 'exact'));
    await report(opened, context, result);
    return result.cancelled ? 1 : 0;
  } finally {
    await close(opened);
  }
};

/**
 * Reads what the store lacks, with progress and time left on standard error; with `exact` also
 * again what holds chunks of before an edit.
 */
export async function readRepository(
  { assistant, repository }: Opened,
  { output, signal }: CommandContext,
  exact = false,
): Promise<IndexResult> {
  const result = await indexRepository({
    index: repository,
    engine: assistant.engine.native,
    exact,
    signal,
    onProgress: (progress) => output.progress(readingLine(progress)),
  });
  for (const warning of result.warnings) {
    output.note(warning);
  }
  if (result.outOfBudget) {
    output.note(
      `${budgetUsedUp} The rest of the repository is read when a question needs it; a larger --store-budget holds more.`,
    );
  }
  return result;
}

/** How far reading is, in one line. */
export function readingLine(progress: IndexProgress): string {
  const { secondsLeft, tokensDone, tokensTotal, filesDone, filesTotal } = progress;
  const left = secondsLeft === undefined ? '' : `, ${formatSeconds(secondsLeft)} left`;
  const share = Math.floor((100 * tokensDone) / Math.max(1, tokensTotal));
  return `${share}% ${filesDone} of ${plural(filesTotal, 'file')}, ${Math.round(progress.tokensPerSecond)} tokens/s${left}: ${progress.path}`;
}

async function report(
  { assistant, repository }: Opened,
  context: CommandContext,
  result: IndexResult,
): Promise<void> {
  const { output } = context;
  const stats = await assistant.engine.storeStats();
  output.json(
    rounded({
      files: repository.files.length,
      skipped: repository.skipped,
      tokens: repository.totalTokens,
      tokensComputed: result.tokensComputed,
      tokensReused: result.tokensReused,
      bytesOnDisk: stats.bytes,
      bytesWritten: result.bytesWritten,
      seconds: result.seconds,
      tokensPerSecond: result.tokensPerSecond,
      staleSegments: result.staleSegments,
      cancelled: result.cancelled,
      outOfBudget: result.outOfBudget,
      warnings: result.warnings,
      model: assistant.engine.model.id,
    }),
  );
  output.text(
    `${plural(repository.files.length, 'file')}, ${plural(repository.totalTokens, 'token')}: ` +
      `${result.tokensComputed.toLocaleString('en')} computed, ${result.tokensReused.toLocaleString('en')} reused, ` +
      `in ${formatSeconds(result.seconds)}. The store holds ${formatBytes(stats.bytes)}.\n`,
  );
  if (repository.skipped.length > 0) {
    output.text(
      `${plural(repository.skipped.length, 'file')} or folders left out; --json lists them with reasons.\n`,
    );
  }
  if (result.cancelled) {
    output.note('Stopped. What was read is kept; the same command goes on from here.');
  }
}
