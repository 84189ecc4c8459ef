// leoam cache: what the store of read files holds; checking it; wiping it. None of it takes a
// model but showing one repository's files, and wiping not even the engine: what holds source
// text can always be got rid of.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAddon } from '../engine/load.js';
import { keptFolder } from '../index/keptFiles.js';
import { Pins } from '../index/pins.js';
import { storedFiles, type StoredFile } from '../index/storedFiles.js';
import { stringOption, UsageError } from './arguments.js';
import { close, homeOf, openBoth, type CommandContext, type CommandFunction } from './common.js';
import { formatBytes, plural } from './output.js';

const actions: Record<string, CommandFunction> = { show, verify, clear };

/** Folders of the store that hold segments: the first two digits of their keys. */
const segmentFolder = /^[0-9a-f]{2}$/;

export const cacheCommand: CommandFunction = (context) => {
  const [name = 'show', ...more] = context.line.positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || more.length > 0) {
    throw new UsageError(`"leoam cache" takes one of ${Object.keys(actions).join(', ')}.`);
  }
  return action(context);
};

async function show(context: CommandContext): Promise<number> {
  const { line, output } = context;
  if (stringOption(line, 'repo') !== undefined) {
    return showRepository(context);
  }
  const directory = storeFolder(homeOf(line));
  const stats = await loadAddon().addon.storeStats(directory);
  output.json({ directory, ...stats });
  output.text(
    `${directory}: ${plural(stats.segments, 'segment')}, ${plural(stats.tokens, 'token')}, ${formatBytes(stats.bytes)}.\n`,
  );
  return 0;
}

/** The same figures as the view of the tiers has. */
async function showRepository(context: CommandContext): Promise<number> {
  const opened = await openBoth(context);
  try {
    const { assistant, repository } = opened;
    const { root } = repository;
    const files = await storedFiles(
      repository,
      assistant.engine.native,
      Pins.open(keptFolder(assistant.home, root)),
    );
    const directory = storeFolder(assistant.home);
    context.output.json({ directory, ...(await assistant.engine.storeStats()), root, files });
    for (const file of [...files].sort((a, b) => b.bytes - a.bytes)) {
      context.output.text(`${fileLine(file)}\n`);
    }
    return 0;
  } finally {
    await close(opened);
  }
}

function fileLine({ path, bytes, tokens, tokensStored, precision, pinned }: StoredFile): string {
  const stored =
    precision === undefined
      ? 'not read'
      : `${formatBytes(bytes)} ${precision}${tokensStored < tokens ? ', in part' : ''}`;
  return `${path}: ${plural(tokens, 'token')}, ${stored}${pinned ? ', pinned' : ''}`;
}

async function verify({ line, output }: CommandContext): Promise<number> {
  const { ok, damaged } = await loadAddon().addon.verifyStore(
    storeFolder(homeOf(line)),
    (done, total) => output.progress(`Checking segment ${done} of ${total}`),
  );
  output.json({ ok, damaged });
  output.text(
    damaged.length === 0
      ? `${plural(ok, 'segment')}, none damaged.\n`
      : `${plural(damaged.length, 'segment')} of ${ok + damaged.length} damaged and removed; they are read again when they are needed.\n`,
  );
  return damaged.length === 0 ? 0 : 1;
}

/** Wipes stored KV and the indexes of repositories: everything that holds source text in effect. */
async function clear({ line, output }: CommandContext): Promise<number> {
  const home = homeOf(line);
  const store = storeFolder(home);
  // The store's own folder stays: a server that runs goes on writing below it.
  const inside = await readdir(store).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  });
  const doomed = inside.filter((name) => segmentFolder.test(name)).map((name) => join(store, name));
  for (const folder of [...doomed, join(home, 'repos')]) {
    await rm(folder, { recursive: true, force: true });
  }
  output.json({ cleared: true });
  output.text('Stored KV and indexes are gone.\n');
  return 0;
}

function storeFolder(home: string): string {
  return join(home, 'store');
}
