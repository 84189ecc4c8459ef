// What every bench needs: where things lie, what machine this is, other programs' output.

import { spawn } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { formatSeconds } from '../../server/cli/output.js';
import { systemInfo } from '../../server/engine/load.js';
import { homeFolder, resolveModel, type ResolvedModel } from '../../server/models/index.js';
import { projectRoot } from '../quality/load.js';

/** Folder of everything that benches keep; safe to delete at any time. */
export function benchFolder(): string {
  const cache = process.env['LEOAM_CACHE'];
  if (cache === undefined || cache === '') {
    throw new Error('LEOAM_CACHE names no folder: use "npm run bench -- NAME" or "npm test".');
  }
  return path.join(cache, 'bench');
}

/**
 * A home folder for benches, so that nobody's own store is touched. It takes over what is
 * known about models (their retrieval heads) from the user's.
 */
export async function benchHome(name = 'home'): Promise<string> {
  const home = path.join(benchFolder(), name);
  await mkdir(home, { recursive: true });
  const profiles = path.join(homeFolder(), 'profiles');
  if (existsSync(profiles)) {
    await cp(profiles, path.join(home, 'profiles'), { recursive: true });
  }
  return home;
}

export const defaultBenchModel = 'qwen2.5-coder-0.5b-instruct-q4_k_m';
export const smallBenchModel = 'smollm2-135m-instruct-q4_1';

/** The model's file in the user's home; fetched when it is missing. */
export function benchModel(model: string | undefined): Promise<ResolvedModel> {
  return resolveModel({
    home: homeFolder(),
    model: model ?? defaultBenchModel,
    onProgress: everySeconds(5, (done: number, total: number) =>
      note(`Fetching the model: ${String(Math.floor((100 * done) / total))} %`),
    ),
  });
}

/** The bundled command line of the clone. */
export function cliPath(): string {
  const file = path.join(projectRoot(), 'dist', 'cli.js');
  if (!existsSync(file)) {
    throw new Error(`${file} is missing; run "npm run build".`);
  }
  return file;
}

/** A line on standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Says how long it will take before it begins. */
export function announce(what: string, seconds: number): void {
  note(`${what}: about ${formatSeconds(Math.max(1, seconds))}.`);
}

/** What was measured on, and how busy it was with other things when the bench began. */
export interface Device {
  device: string;
  /** Mean number of busy threads in the minute before; 0 on a quiet machine (always on Windows). */
  loadBefore: number;
}

/** Call before the work begins. Warns where other programs would spoil the figures. */
export function describeDevice(): Device {
  const all = cpus();
  const loadBefore = loadavg()[0] ?? 0;
  if (loadBefore > all.length / 2) {
    note(`The machine is busy (load ${loadBefore.toFixed(1)}): times will be too long and uneven.`);
  }
  return {
    device: `${all[0]?.model.trim() ?? 'unknown processor'}, ${String(all.length)} threads`,
    loadBefore,
  };
}

/**
 * A bench's options: names that take a value besides --model and --threads, which all have, and
 * switches. Throws at any other.
 */
export function benchOptions<Value extends string, Switch extends string = never>(
  args: string[],
  valued: readonly Value[],
  switches: readonly Switch[] = [],
): Partial<Record<Value | 'model' | 'threads', string>> & Record<Switch, boolean> {
  const options: ParseArgsConfig['options'] = {};
  for (const name of ['model', 'threads', ...valued]) {
    options[name] = { type: 'string' };
  }
  for (const name of switches) {
    options[name] = { type: 'boolean', default: false };
  }
  const { values } = parseArgs({ args, options });
  return values as ReturnType<typeof benchOptions<Value, Switch>>;
}

/** Threads for the engine, and for whatever it is compared with. */
export function threadsOption(value: string | undefined): number {
  return countOption('threads', value, systemInfo().logicalCores);
}

/** Whole number option; throws a sentence when it is none. */
export function countOption(name: string, value: string | undefined, fallback: number): number {
  const count = value === undefined ? fallback : Number(value);
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`--${name} is a whole number from 1, not "${value ?? ''}".`);
  }
  return count;
}

/** Items of a comma-separated option. */
export function listOption(value: string | undefined, fallback: readonly string[]): string[] {
  return value === undefined ? [...fallback] : value.split(',').filter((item) => item !== '');
}

export interface CaptureOptions {
  cwd?: string;
  /** Killed after this long. */
  timeoutMs?: number;
  /** Passes the program's standard error through. */
  showErrors?: boolean;
}

/** Standard output of a program. Rejects with the end of its standard error when it fails. */
export function capture(
  command: string,
  args: readonly string[],
  { cwd, timeoutMs, showErrors = false }: CaptureOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (data: Buffer) => output.push(data));
    child.stderr.on('data', (data: Buffer) => {
      errors = (errors + data.toString()).slice(-2000);
      if (showErrors) {
        process.stderr.write(data);
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(output).toString());
      } else {
        const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
        reject(new Error(`${path.basename(command)} failed (${how}): ${errors.trim()}`));
      }
    });
  });
}

/** Calls `work` at once and then not more often than every `seconds`. */
export function everySeconds<T extends unknown[]>(
  seconds: number,
  work: (...args: T) => void,
): (...args: T) => void {
  let last = 0;
  return (...args) => {
    if (Date.now() - last >= 1000 * seconds) {
      last = Date.now();
      work(...args);
    }
  };
}
