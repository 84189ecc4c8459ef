// Fills holes with `leoam complete --batch`, some at a time, and keeps each row: a bench that was
// interrupted goes on where it was. A row counts again only for the same files, hole, mode and
// model, filled by the same program. What is expected stands nowhere: the holes are cut out of a
// copy of the repository (cutCopy.ts), because stored KV of a file that holds them would know it.

import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CutCopy, roundsOf } from './cutCopy.js';
import type { FilledHole } from './fillReport.js';
import { shapeOf, type RepoHole } from './holes.js';
import { hasName } from './insideNames.js';
import { readIntoStore, sessionArguments, type BenchSession } from './reading.js';
import type { RowCache } from './rowCache.js';
import type { SourceFile } from './sourceFiles.js';
import { benchFolder, benchHome, capture, cliPath } from './support.js';

export interface RepoHoles {
  repo: string;
  root: string;
  /** All that can be seen from a hole. */
  files: readonly SourceFile[];
  holes: readonly RepoHole[];
}

export interface HowFilled {
  /** They take turns every few holes. */
  modes: readonly string[];
  /** Whether the files with holes are read into the store, too. */
  readsCut: boolean;
}

export type FilledRow = Omit<FilledHole, 'id' | 'repo' | 'kind' | 'mode'> & { completion: string };

/** So many holes are lost at most when a bench is interrupted; each start of the program takes seconds. */
const batchHoles = 25;
/** Blocks of six lines are no longer. */
const maxTokens = { line: 48, block: 160 };

const batchOutput = z.object({
  rows: z.array(
    z.object({
      path: z.string(),
      startByte: z.number(),
      completion: z.string(),
      isExact: z.boolean(),
      editSimilarity: z.number(),
      meanLogProbability: z.number().optional(),
      goldNll: z.number().optional(),
      counters: z.object({ tokensComputed: z.number() }),
      timings: z.object({ ttftMs: z.number(), totalMs: z.number() }),
    }),
  ),
});

/** `onBatch`: how many holes were filled just now. */
export async function fillRepo(
  session: BenchSession,
  { repo, root, files, holes }: RepoHoles,
  { modes, readsCut }: HowFilled,
  cache: RowCache<FilledRow>,
  onBatch: (holes: number) => void,
): Promise<FilledHole[]> {
  const { model, threads } = session;
  const base = [await programHash(), cache.build, model.hash, threads, readsCut, hashOf(files)];
  const keyOf = (hole: RepoHole, mode: string): string =>
    hashOf([...base, mode, maxTokens, hole.path, hole.startByte, hole.endByte, hole.expected]);
  const missing = (round: readonly RepoHole[], mode: string): RepoHole[] =>
    round.filter((hole) => cache.get(keyOf(hole, mode)) === undefined);
  const copy = await CutCopy.make(path.join(benchFolder(), 'fill', 'cut', repo), root, files);
  for (const round of roundsOf(holes, batchHoles)) {
    const modesLeft = modes.filter((mode) => missing(round, mode).length > 0);
    await copy.cut(modesLeft.length === 0 ? [] : round);
    if (readsCut && modesLeft.length > 0) {
      await readIntoStore(session, copy.root, `${repo}, cut`, ['--exact']);
    }
    for (const mode of modesLeft) {
      const left = missing(round, mode);
      const rows = await fill(session, copy.root, mode, left);
      for (const [index, hole] of left.entries()) {
        const row = rows[index];
        if (row !== undefined) {
          await cache.add(keyOf(hole, mode), row);
        }
      }
      onBatch(left.length);
    }
  }
  await copy.remove();
  return holes.flatMap((hole) =>
    modes.flatMap((mode) => {
      const row = cache.get(keyOf(hole, mode))?.row;
      const id = `${repo}/${hole.path}:${String(hole.startByte)}`;
      return row === undefined ? [] : [{ ...row, id, repo, kind: hole.kind, mode }];
    }),
  );
}

/**
 * `leoam complete` takes these two as options of their own: `leoam:stale=200` fills where the last
 * 200 characters before the cursor were typed after the rest had been read.
 */
const ownOptions = ['stale', 'precision'];

export function modeArguments(mode: string): string[] {
  const [name = '', ...settings] = mode.split(':');
  const isOwn = (setting: string): boolean => ownOptions.includes(setting.split('=')[0] ?? '');
  const options = settings.filter(isOwn).flatMap((setting) => {
    const [key = '', value = ''] = setting.split('=');
    return [`--${key}`, value];
  });
  return ['--mode', [name, ...settings.filter((one) => !isOwn(one))].join(':'), ...options];
}

/** Each precision has a store of its own. */
export async function sessionOf(session: BenchSession, mode: string): Promise<BenchSession> {
  const precision = precisionOf(mode);
  return precision === undefined
    ? session
    : { ...session, home: await benchHome(`home-${precision}`) };
}

/** Undefined: as `leoam` stores by default. */
export function precisionOf(mode: string): string | undefined {
  const args = modeArguments(mode);
  const at = args.indexOf('--precision');
  return at < 0 ? undefined : args[at + 1];
}

async function fill(
  session: BenchSession,
  root: string,
  mode: string,
  holes: readonly RepoHole[],
): Promise<FilledRow[]> {
  const file = path.join(benchFolder(), 'fill', `holes-${String(process.pid)}.jsonl`);
  const lines = holes.map(({ path: at, startByte, expected }) =>
    JSON.stringify({ path: at, startByte, endByte: startByte, expected }),
  );
  await writeFile(file, `${lines.join('\n')}\n`);
  const shape = holes[0] === undefined ? 'line' : shapeOf(holes[0].kind);
  const output = await capture(process.execPath, [
    ...[cliPath(), 'complete', '--batch', file, ...modeArguments(mode), '--json'],
    ...['--max-tokens', String(maxTokens[shape])],
    ...['--lines', shape === 'line' ? 'one' : 'many'],
    ...sessionArguments(await sessionOf(session, mode), root),
  ]);
  await rm(file);
  const { rows } = batchOutput.parse(JSON.parse(output));
  return holes.map((hole, index) => {
    const row = rows[index];
    if (row?.path !== hole.path || row.startByte !== hole.startByte) {
      throw new Error(`leoam complete filled other holes than it was given (${hole.path}).`);
    }
    const { completion, isExact, editSimilarity, meanLogProbability, goldNll } = row;
    const { restOfName } = hole;
    const { counters, timings } = row;
    return {
      ...(meanLogProbability === undefined ? {} : { meanLogProbability }),
      ...(goldNll === undefined ? {} : { goldNll }),
      ...(restOfName === undefined ? {} : { isNameRight: hasName(completion, restOfName) }),
      ...{ completion, isExact, editSimilarity, tokensComputed: counters.tokensComputed },
      ...{ ttftMs: timings.ttftMs, totalMs: timings.totalMs },
    };
  });
}

/** The command line and its worker decide what the model sees. */
async function programHash(): Promise<string> {
  const files = [cliPath(), path.join(path.dirname(cliPath()), 'worker.js')];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return hashOf(texts);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
