// What tests of the running server need: the small model, a home of their own, repositories
// of a few files, and the command line in a process of its own.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homeFolder, modelPath, modelsFolder } from '../../server/models/index.js';

/** Id of the model of these tests: the smallest one of the catalogue. */
export const smallModel = 'smollm2-135m-instruct-q4_1';

/**
 * A new home that has the small model, which lies in the user's own home: `npm test` fetches
 * it before the tests run.
 */
export async function homeWithModel(): Promise<string> {
  const path = modelPath(homeFolder(), smallModel);
  assert.ok(existsSync(path), `${path} is missing; "npm test" fetches it.`);
  const home = await temporaryFolder('home');
  await mkdir(modelsFolder(home), { recursive: true });
  await symlink(path, modelPath(home, smallModel));
  return home;
}

/** Makes a folder that is removed when the running suite ends. Call in a hook or a test. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `leoam-${name}-`));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];
after(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

/** Writes files (path -> content) below a new folder. */
export async function temporaryRepository(
  files: Record<string, string | Uint8Array>,
): Promise<string> {
  const root = await temporaryFolder('repo');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** Makes the folder a git repository whose only commit holds all its files. */
export function commitAll(folder: string): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  for (const args of [
    ['init', '--quiet'],
    ['add', '.'],
    ['commit', '--quiet', '--message', 'All files'],
  ]) {
    execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
  }
}

/** Three files of two topics, with a constant in one that another uses. */
export const shopFiles: Record<string, string> = {
  'src/limits.ts': [
    '// Limits that hold for every customer of the shop.',
    'export const MAX_BASKET_ITEMS = 37;',
    'export const FREE_SHIPPING_CENTS = 4900;',
    '',
    'export function isFreeShipping(totalCents: number): boolean {',
    '  return totalCents >= FREE_SHIPPING_CENTS;',
    '}',
    '',
  ].join('\n'),
  'src/basket.ts': [
    "import { MAX_BASKET_ITEMS } from './limits.js';",
    '',
    'export class Basket {',
    '  private items: string[] = [];',
    '',
    '  /** Adds an item unless the basket is full. */',
    '  add(item: string): boolean {',
    '    if (this.items.length >= MAX_BASKET_ITEMS) {',
    '      return false;',
    '    }',
    '    this.items.push(item);',
    '    return true;',
    '  }',
    '}',
    '',
  ].join('\n'),
  'README.md': '# Shop\n\nA basket, and limits for it.\n',
};

/** Files that take the small model some seconds each, and one that answers the question. */
export function longShop(): Record<string, string> {
  const files: Record<string, string> = { ...shopFiles };
  for (const name of ['apples', 'bread', 'cheese', 'dates', 'eggs', 'figs']) {
    const lines = Array.from(
      { length: 16 },
      (_, i) =>
        `export const ${name}Price${i} = (count: number): number => count * ${37 + 11 * i};`,
    );
    files[`src/prices/${name}.ts`] = `${lines.join('\n')}\n`;
  }
  return files;
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line, as compiled for the tests. */
export const cli = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'server', 'cli.js');

/** Runs `leoam` in a process of its own. */
export async function leoam(
  args: readonly string[],
  options: {
    home: string;
    input?: string;
    /** A program with its arguments that starts it. */
    through?: readonly string[];
    whenStderr?: (text: string, kill: () => void) => void;
  },
): Promise<CommandResult> {
  const command = [process.execPath, cli, '--home', options.home, ...args];
  const [program = '', ...rest] = [...(options.through ?? []), ...command];
  const child = spawn(program, rest);
  const result: CommandResult = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (result.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    result.stderr += data.toString();
    options.whenStderr?.(result.stderr, () => child.kill('SIGKILL'));
  });
  child.stdin.end(options.input ?? '');
  result.code = await new Promise((resolve) => child.on('close', resolve));
  return result;
}

/** Runs `leoam … --json` and reads the one object that it prints. */
export async function leoamJson<T>(
  args: readonly string[],
  home: string,
  through: readonly string[] = [],
): Promise<T> {
  const result = await leoam([...args, '--json'], { home, through });
  assert.equal(result.code, 0, result.stderr);
  const lines = result.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 1, `one JSON object was expected:\n${result.stdout}`);
  return JSON.parse(lines[0] ?? '') as T;
}

/** A running `leoam` that a test talks to. */
export interface Dialogue {
  /** Standard output and error in the order of their arrival. */
  output(): string;
  type(text: string): void;
  /** Resolves when what came after the last wait matches; rejects when the process ends first. */
  wait(pattern: RegExp): Promise<string>;
  /** Ends the input. */
  end(): void;
  signal(name: NodeJS.Signals): void;
  /** Exit code; null after a deadly signal. */
  exit: Promise<number | null>;
}

/** Runs the command line with its standard input and output as pipes. */
export function startLeoam(args: readonly string[], home: string): Dialogue {
  return dialogueWith(spawn(process.execPath, [cli, '--home', home, ...args]));
}

/** Whether `startInTerminal` can work here: it takes a pseudo-terminal from python. */
export function hasPseudoTerminal(): boolean {
  return spawnSync('python3', ['-c', 'import pty']).status === 0;
}

/** Runs the command line in a pseudo-terminal of 100 columns, as a person has it. */
export function startInTerminal(args: readonly string[], home: string): Dialogue {
  const spawner =
    'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const sized = ['sh', '-c', 'stty cols 100 rows 30; exec "$@"', 'sh'];
  const command = [process.execPath, cli, '--home', home, ...args];
  return dialogueWith(spawn('python3', ['-c', spawner, ...sized, ...command]));
}

function dialogueWith(child: ReturnType<typeof spawn>): Dialogue {
  let output = '';
  let seen = 0;
  let ended = false;
  let wake: () => void = () => undefined;
  const take = (data: Buffer): void => {
    output += data.toString();
    wake();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const exit = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      ended = true;
      wake();
      resolve(code);
    }),
  );
  running.push(child);
  return {
    exit,
    output: () => output,
    type: (text) => void child.stdin?.write(text),
    end: () => void child.stdin?.end(),
    signal: (name) => void child.kill(name),
    async wait(pattern) {
      for (;;) {
        const found = pattern.exec(output.slice(seen));
        if (found !== null) {
          seen += found.index + found[0].length;
          return found[0];
        }
        assert.ok(!ended, `ended without ${pattern.source}:\n${output}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** A test that fails leaves no process behind. */
const running: ChildProcess[] = [];
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));
