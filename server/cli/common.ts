// Steps that several commands share: from options to an assistant and an opened repository.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { askContext, openAssistant, openRepositoryFor, type Assistant } from '../assistant.js';
import type { AskContext, TurnOptions } from '../chat/turn.js';
import type { KvFormat } from '../engine/addon.js';
import { evidenceKv, highPlanes, stepTiers } from '../engine/tierOptions.js';
import type { RepositoryIndex } from '../index/types.js';
import { homeFolder } from '../models/index.js';
import { modes } from '../prompt/parts.js';
import { evidenceOrders, type SelectionOptions } from '../retrieval/workingSet.js';
import {
  choiceOption,
  numberOption,
  stringOption,
  UsageError,
  type CommandLine,
} from './arguments.js';
import type { Output } from './output.js';

export interface CommandContext {
  line: CommandLine;
  output: Output;
  /** Fires on Ctrl+C. */
  signal: AbortSignal;
}

/** Exit code: 0 ok, 1 failed. Wrong use is thrown as UsageError. */
export type CommandFunction = (context: CommandContext) => Promise<number>;

export interface Opened {
  assistant: Assistant;
  repository: RepositoryIndex;
  /** Listing, cutting and searching made ready. */
  indexMs: number;
}

export function homeOf(line: CommandLine): string {
  return homeFolder(stringOption(line, 'home'));
}

const gib = 1024 ** 3;

/** Loads the model that the options name. */
export function openAssistantFor({ line, output, signal }: CommandContext): Promise<Assistant> {
  const model = stringOption(line, 'model');
  const threads = numberOption(line, 'threads', { min: 1, max: 512 });
  const precision = choiceOption(line, 'precision', ['f16', 'q8', 'q4'] as const);
  const kv = kvOf(line);
  const preamble = choiceOption(line, 'preamble', ['chat', 'neutral'] as const);
  const budget = numberOption(line, 'store-budget', { min: 0, integer: false });
  return openAssistant({
    home: homeOf(line),
    signal,
    onModelProgress: (done, total, bytesPerSecond) => output.fetching(done, total, bytesPerSecond),
    onNote: (note) => output.note(note),
    ...(model === undefined ? {} : { model }),
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
    ...(kv === undefined ? {} : { kv }),
    ...(preamble === undefined ? {} : { preamble }),
    ...(budget === undefined ? {} : { storeBudgetBytes: Math.round(budget * gib) }),
  });
}

/** Loads the model and opens the repository; disposes of the one when the other fails. */
export async function openBoth(context: CommandContext): Promise<Opened> {
  const root = await repositoryRoot(context.line);
  const assistant = await openAssistantFor(context);
  try {
    const started = performance.now();
    const repository = await openRepositoryFor(assistant, root, {
      signal: context.signal,
      onProgress: ({ phase, filesDone, filesTotal }) =>
        context.output.progress(
          phase === 'reading' ? `Reading files: ${filesDone} of ${filesTotal}` : 'Listing files',
        ),
    });
    if (repository.warning !== undefined) {
      context.output.note(repository.warning);
    }
    return { assistant, repository, indexMs: performance.now() - started };
  } catch (error) {
    await assistant.dispose();
    throw error;
  }
}

export async function close({ assistant, repository }: Opened): Promise<void> {
  await repository.close();
  await assistant.dispose();
}

/** The folder to ask about. Throws UsageError when it is none. */
export async function repositoryRoot(line: CommandLine): Promise<string> {
  const root = resolve(stringOption(line, 'repo') ?? '.');
  const found = await stat(root).catch(() => undefined);
  if (found === undefined) {
    throw new UsageError(`There is no folder ${root}.`);
  }
  if (!found.isDirectory()) {
    throw new UsageError(`${root} is a file; --repo takes a folder.`);
  }
  return root;
}

function kvOf(line: CommandLine): KvFormat | undefined {
  return choiceOption(line, 'kv', ['f16', 'q8'] as const);
}

const mib = 1024 ** 2;

/** What questions are asked in, as the options have it. */
export function askContextFor({ assistant, repository }: Opened, line: CommandLine): AskContext {
  const memory = numberOption(line, 'evidence-memory', { min: 1, integer: false });
  const share = numberOption(line, 'evidence-share', { min: 0.01, max: 1, integer: false });
  const mass = numberOption(line, 'evidence-mass', { min: 0.01, max: 1, integer: false });
  const draft = numberOption(line, 'evidence-draft', { min: 0, max: 64 });
  const highPlane = choiceOption(line, 'evidence-high-plane', highPlanes);
  if (share === undefined && [draft, mass, highPlane].some((one) => one !== undefined)) {
    throw new UsageError(
      '--evidence-mass, --evidence-draft and --evidence-high-plane need --evidence-share.',
    );
  }
  const deviceMemory = numberOption(line, 'device-memory', { min: 1, integer: false });
  const pageCache = choiceOption(line, 'evidence-page-cache', ['keep', 'pass'] as const);
  const device = stringOption(line, 'device');
  if (device !== undefined && deviceMemory === undefined) {
    throw new UsageError('--device needs --device-memory.');
  }
  if (memory === undefined) {
    if (deviceMemory !== undefined) {
      throw new UsageError('--device-memory needs --evidence-memory.');
    }
    if (share !== undefined || pageCache !== undefined) {
      const option = share === undefined ? 'page-cache' : 'share';
      throw new UsageError(`--evidence-${option} needs --evidence-memory.`);
    }
    return askContext(assistant, repository);
  }
  if (stringOption(line, 'mode') !== 'full') {
    throw new UsageError('--evidence-memory goes with --mode full.');
  }
  const tiers = {
    ramBytes: Math.round(memory * mib),
    kv: kvOf(line) ?? evidenceKv,
    passPageCache: pageCache === 'pass',
    ...(deviceMemory === undefined ? {} : { deviceBytes: Math.round(deviceMemory * mib) }),
    ...(device === undefined ? {} : { device }),
    ...stepTiers({
      ...(share === undefined ? {} : { share }),
      ...(draft === undefined ? {} : { draftTokens: draft }),
      ...(mass === undefined ? {} : { mass }),
    }),
    ...(highPlane === undefined ? {} : { highPlane }),
  };
  return askContext(assistant, repository, { tiers });
}

export type QuestionOptions = Pick<TurnOptions, 'mode' | 'selection' | 'repair'>;

/** Options of `ask` and `eval` that decide how a question is answered. */
export function questionOptions(line: CommandLine): QuestionOptions {
  const selection: Partial<SelectionOptions> = {};
  const passages = numberOption(line, 'passages', { min: 1, max: 64 });
  const follow = numberOption(line, 'follow', { min: 0, max: 32 });
  const order = choiceOption(line, 'order', evidenceOrders);
  const heads = choiceOption(line, 'heads', ['auto', 'on', 'off'] as const);
  if (passages !== undefined) selection.passages = passages;
  if (follow !== undefined) selection.follow = follow;
  if (order !== undefined) selection.order = order;
  if (heads !== undefined) selection.heads = heads;
  const repair =
    stringOption(line, 'repair') === 'auto'
      ? 'auto'
      : numberOption(line, 'repair', { min: 0, max: 1, integer: false });
  return {
    mode: choiceOption(line, 'mode', modes) ?? 'leoam',
    selection,
    repair: repair ?? 'auto',
  };
}
