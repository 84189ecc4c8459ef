// leoam cache: what the store of read files holds; checking it; wiping it. The store belongs
// to the engine, and an engine needs a model: the smallest one that is on the machine.

import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Precision } from '../engine/addon.js';
import { LeoEngine } from '../engine/engine.js';
import { leoError } from '../engine/errors.js';
import { listModels, resolveModel } from '../models/index.js';
import { choiceOption, UsageError } from './arguments.js';
import { homeOf, type CommandContext, type CommandFunction } from './common.js';
import { formatBytes, plural } from './output.js';

const actions: Record<string, CommandFunction> = { show, verify, clear };

export const cacheCommand: CommandFunction = (context) => {
  const [name = 'show', ...more] = context.line.positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || more.length > 0) {
    throw new UsageError(`"leoam cache" takes one of ${Object.keys(actions).join(', ')}.`);
  }
  return action(context);
};

async function show(context: CommandContext): Promise<number> {
  return withStore(context, async (engine) => {
    const stats = engine.storeStats();
    const directory = storeFolder(context);
    context.output.json({ directory, ...stats });
    context.output.text(
      `${directory}: ${plural(stats.segments, 'segment')}, ${plural(stats.tokens, 'token')}, ${formatBytes(stats.bytes)}.\n`,
    );
    return 0;
  });
}

async function verify(context: CommandContext): Promise<number> {
  const { output } = context;
  return withStore(context, async (engine) => {
    const result = await engine.native.verifyStore((done, total) =>
      output.progress(`Checking segment ${done} of ${total}`),
    );
    output.json({ ok: result.ok, damaged: result.damaged });
    output.text(
      result.damaged.length === 0
        ? `${plural(result.ok, 'segment')}, none damaged.\n`
        : `${plural(result.damaged.length, 'segment')} of ${result.ok + result.damaged.length} damaged and removed; they are read again when they are needed.\n`,
    );
    return result.damaged.length === 0 ? 0 : 1;
  });
}

/** Wipes stored KV and the indexes of repositories: everything that holds source text in effect. */
async function clear(context: CommandContext): Promise<number> {
  const home = homeOf(context.line);
  if ((await stat(storeFolder(context)).catch(() => undefined)) !== undefined) {
    await withStore(context, async (engine) => {
      await engine.native.clearStore();
      return 0;
    });
  }
  await rm(join(home, 'repos'), { recursive: true, force: true });
  context.output.json({ cleared: true });
  context.output.text('Stored KV and indexes are gone.\n');
  return 0;
}

function storeFolder({ line }: CommandContext): string {
  return join(homeOf(line), 'store');
}

async function withStore(
  context: CommandContext,
  action: (engine: LeoEngine) => Promise<number>,
): Promise<number> {
  const home = homeOf(context.line);
  const present = (await listModels(home)).find(({ state }) => state === 'present');
  if (present === undefined) {
    throw leoError(
      'model-missing',
      `No model is on this machine, so the store in ${home} cannot be opened; "leoam models fetch" fetches one.`,
    );
  }
  const engine = await LeoEngine.open({
    home,
    model: await resolveModel({ home, model: present.model.id, signal: context.signal }),
    precision: storePrecision(context),
    signal: context.signal,
  });
  try {
    return await action(engine);
  } finally {
    await engine.dispose();
  }
}

function storePrecision({ line }: CommandContext): Precision {
  return choiceOption(line, 'precision', ['f16', 'q8', 'q4'] as const) ?? 'q8';
}
