// Running other programs: their output goes to a log, progress to one line on standard
// error, and a failure becomes one error that says where the log is.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** An expected failure: its message is the whole of what the user needs. */
export class UserError extends Error {}

/**
 * Runs `main`, printing an expected failure as one sentence and an unexpected one with its
 * stack; both end with exit code 1.
 * @param {() => Promise<unknown>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    clearStatus();
    console.error(error instanceof UserError ? `leoam: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * Shows what is going on: one line that is overwritten in a terminal, one line per change of
 * `label` elsewhere. Silent with LEOAM_QUIET=1.
 * @param {string} label
 * @param {string} [detail]
 */
export function status(label, detail = '') {
  if (process.env.LEOAM_QUIET === '1') return;
  if (process.stderr.isTTY) {
    const width = (process.stderr.columns || 80) - 1;
    const text = detail ? `${label}: ${detail}` : label;
    process.stderr.write(`\r\x1b[2K${text.slice(0, width)}`);
    statusShown = true;
  } else if (label !== lastLabel) {
    process.stderr.write(`${label}\n`);
    lastLabel = label;
  }
}

/** Ends the overwritten line, so that other output starts on a clean one. */
export function clearStatus() {
  if (statusShown) process.stderr.write('\r\x1b[2K');
  statusShown = false;
}

let statusShown = false;
let lastLabel = '';

/**
 * Runs a program to its end. Rejects with a UserError when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ label: string, log: string, cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, timeoutMs?: number }} options
 *   `log` takes all output, after what it already holds; after `timeoutMs` it is ended.
 */
export async function runLogged(command, args, { label, log, cwd, env, shell, timeoutMs }) {
  mkdirSync(dirname(log), { recursive: true });
  const file = openSync(log, 'a');
  writeSync(file, `$ ${[command, ...args].join(' ')}\n`);
  status(label);
  try {
    const code = await new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd,
        env: env ?? process.env,
        shell: shell ?? false,
        timeout: timeoutMs,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const onData = (/** @type {Buffer} */ data) => {
        writeSync(file, data);
        const line = data
          .toString()
          .trimEnd()
          .split(/[\r\n]/)
          .pop();
        if (line) status(label, line.trim());
      };
      child.stdout.on('data', onData);
      child.stderr.on('data', onData);
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) {
      clearStatus();
      const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-30).join('\n');
      throw new UserError(
        `${label} failed (exit code ${code}); the log is ${log}. Its end:\n${tail}`,
      );
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Standard output of a short program, or undefined when it is missing or fails.
 * @param {string} command
 * @param {string[]} args
 */
export function capture(command, args) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * How npm is started: by node from the running npm where there is one, else by name.
 * @param {string[]} args
 * @returns {{ command: string, args: string[], shell: boolean }}
 */
export function npmCommand(args) {
  const { npm_execpath: script } = process.env;
  if (script && /\.c?js$/.test(script)) {
    return { command: process.execPath, args: [script, ...args], shell: false };
  }
  return { command: 'npm', args, shell: process.platform === 'win32' };
}
