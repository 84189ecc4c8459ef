// npm run bench -- engine: prefill and decode speed of our engine against llama.cpp's own
// benchmark program, built from the same sources and with the same CPU modules, the two
// taking turns, because a machine's speed drifts within minutes.
//
//   --model ID|PATH   --rows pp512,tg64@4096,…   --reps N   --threads N
//   --kv f16|q8       how both sides hold KV in memory (f16)
//   --quick           without the row at depth 16384, whose set-up takes minutes

import path from 'node:path';
import { z } from 'zod';
import { median } from './statistics.js';
import {
  announce,
  benchModel,
  benchOptions,
  capture,
  countOption,
  describeDevice,
  listOption,
  note,
  threadsOption,
} from './support.js';

const allRows = ['pp512', 'pp2048', 'tg64@0', 'tg64@4096', 'tg64@16384'];
const quickRows = allRows.filter((row) => row !== 'tg64@16384');
const defaultReps = 3;
/** What the default model does on two cores; only for the estimate. */
const prefillTokensPerSecond = 60;
const decodeTokensPerSecond = 10;
/** Loading the model and warming up. */
const secondsPerStart = 6;

type Kv = 'f16' | 'q8';
const theirTypes: Record<Kv, string> = { f16: 'f16', q8: 'q8_0' };

interface Row {
  name: string;
  prompt: number;
  generate: number;
  depth: number;
}

interface Programs {
  ours: string;
  theirs: string;
  modelPath: string;
  threads: number;
  kv: Kv;
}

/** Tokens per second: medians, the best of each side, and ours over theirs. */
export interface EngineRow {
  test: string;
  ours: number;
  theirs: number;
  ratio: number;
  oursBest: number;
  theirsBest: number;
  ratioOfBest: number;
  samples: { ours: number[]; theirs: number[] };
}

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['rows', 'reps', 'kv'], ['quick']);
  const reps = countOption('reps', values.reps, defaultReps);
  const rows = listOption(values.rows, values.quick ? quickRows : allRows).map(parseRow);
  announce(
    `${String(rows.length)} rows, ${String(reps)} repetitions`,
    rows.reduce((sum, row) => sum + estimateSeconds(row, reps), 0),
  );
  const device = describeDevice();
  const model = await benchModel(values.model);
  const programs: Programs = {
    ours: environment('LEOAM_ENGINE_BENCH'),
    theirs: path.join(environment('LEOAM_LLAMA_BIN'), 'llama-bench'),
    modelPath: model.path,
    threads: threadsOption(values.threads),
    kv: parseKv(values.kv ?? 'f16'),
  };
  const measured: EngineRow[] = [];
  for (const row of rows) {
    measured.push(await measureRow(row, reps, programs));
  }
  return {
    model: model.id,
    ...device,
    threads: programs.threads,
    llamaCommit: await llamaCommit(),
    kvTypes: `${programs.kv} on both sides; theirs with flash attention`,
    lowestRatio: Math.min(...measured.map(({ ratio }) => ratio)),
    rows: measured,
  };
}

/** `pp512`: a prompt of 512 tokens; `tg64@4096`: 64 tokens one by one behind 4096 others. */
export function parseRow(name: string): Row {
  const parts = /^(pp|tg)(\d+)(?:@(\d+))?$/.exec(name);
  if (parts === null) {
    throw new Error(`"${name}" is not a row such as pp512 or tg64@4096.`);
  }
  const count = Number(parts[2]);
  const depth = Number(parts[3] ?? 0);
  return parts[1] === 'pp'
    ? { name, prompt: count, generate: 0, depth }
    : { name, prompt: 0, generate: count, depth };
}

function parseKv(name: string): Kv {
  if (name !== 'f16' && name !== 'q8') {
    throw new Error(`--kv is f16 or q8, not "${name}".`);
  }
  return name;
}

/**
 * At depth 0 each repetition is a run of both programs in turn. At a depth, llama-bench first
 * reads the tokens before it, once for all repetitions of a run, so it runs once, between
 * two halves of ours.
 */
async function measureRow(row: Row, reps: number, programs: Programs): Promise<EngineRow> {
  const ours: number[] = [];
  const theirs: number[] = [];
  if (row.depth === 0) {
    for (let rep = 0; rep < reps; rep++) {
      note(`${row.name}: repetition ${String(rep + 1)} of ${String(reps)}`);
      ours.push(...(await runOurs(row, 1, programs)));
      theirs.push(...(await runTheirs(row, 1, programs)));
    }
  } else {
    note(`${row.name}: ${String(reps)} repetitions`);
    ours.push(...(await runOurs(row, Math.ceil(reps / 2), programs)));
    theirs.push(...(await runTheirs(row, reps, programs)));
    ours.push(...(await runOurs(row, Math.max(1, Math.floor(reps / 2)), programs)));
  }
  const best = { ours: Math.max(...ours), theirs: Math.max(...theirs) };
  return {
    test: row.name,
    ours: median(ours),
    theirs: median(theirs),
    ratio: median(ours) / median(theirs),
    oursBest: best.ours,
    theirsBest: best.theirs,
    ratioOfBest: best.ours / best.theirs,
    samples: { ours, theirs },
  };
}

// engine_bench prints a sample of tokens per second for each repetition.
const ourOutput = z.object({ samples: z.array(z.number().positive()).min(1) });
const theirOutput = z
  .array(z.object({ samples_ts: z.array(z.number().positive()).min(1) }))
  .length(1);

async function runOurs(row: Row, reps: number, programs: Programs): Promise<number[]> {
  const output = await capture(programs.ours, [
    ...['--model', programs.modelPath, '--threads', String(programs.threads)],
    ...['--test', row.name, '--reps', String(reps), '--kv', programs.kv],
  ]);
  return ourOutput.parse(JSON.parse(output)).samples;
}

async function runTheirs(row: Row, reps: number, programs: Programs): Promise<number[]> {
  const output = await capture(programs.theirs, [
    ...['-m', programs.modelPath, '-t', String(programs.threads), '-fa', '1', '-o', 'json'],
    ...['-p', String(row.prompt), '-n', String(row.generate), '-d', String(row.depth)],
    ...['-ctk', theirTypes[programs.kv], '-ctv', theirTypes[programs.kv], '-r', String(reps)],
  ]);
  return theirOutput.parse(JSON.parse(output))[0]?.samples_ts ?? [];
}

function estimateSeconds(row: Row, reps: number): number {
  const work = row.prompt / prefillTokensPerSecond + row.generate / decodeTokensPerSecond;
  const starts = row.depth === 0 ? 2 * reps : 3;
  // Attention makes the last of 16K tokens five times dearer than the first.
  const setUp = (row.depth / prefillTokensPerSecond) * (1 + row.depth / 16384);
  return 2 * reps * work + starts * secondsPerStart + setUp;
}

async function llamaCommit(): Promise<string> {
  const source = environment('LEOAM_LLAMA_SOURCE');
  return (await capture('git', ['-C', source, 'rev-parse', 'HEAD'])).trim();
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set; run the bench with "npm run bench -- engine".`);
  }
  return value;
}
