// Serves VS Code to a browser on this machine: code-server on 127.0.0.1, without a password,
// since nobody else can reach it there.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { status, UserError } from './run.mjs';
import { codeEnv, profileArgs } from './vscode.mjs';

/** @typedef {import('./vscode.mjs').Profile} Profile */
/** @typedef {import('./vscode.mjs').Code} Code */
/** @typedef {{ origin: string, exited: Promise<void>, stop: () => void }} Served */

const startMs = 60_000;

/**
 * code-server's command line. Its configuration file lies in the profile, not in the user's
 * home.
 * @param {string} entry
 * @param {Profile} profile
 * @returns {Code}
 */
export function browserCode(entry, profile) {
  const config = join(profile.folder, 'config.yaml');
  return { command: process.execPath, args: [entry, '--config', config] };
}

/**
 * Starts the server and waits until it answers. `exited` resolves when it has ended.
 * @param {Code} code
 * @param {Profile} profile
 * @returns {Promise<Served>}
 */
export async function serveCode(code, profile) {
  status('Starting VS Code for the browser');
  const port = await choosePort(profile);
  const origin = `http://127.0.0.1:${port}`;
  const log = openSync(profile.log, 'w');
  const child = spawn(
    code.command,
    [
      ...code.args,
      ...profileArgs(profile),
      ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
    ],
    // A group of its own, so that everything it starts can be ended with it.
    { env: codeEnv(), detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  let isRunning = true;
  const exited = new Promise((/** @type {(value: void) => void} */ resolve) => {
    const end = () => {
      isRunning = false;
      resolve();
    };
    child.on('exit', end);
    child.on('error', end);
  });
  const stop = () => {
    if (!isRunning || child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // Gone in this moment.
    }
  };
  const deadline = Date.now() + startMs;
  while (!(await answers(origin))) {
    if (!isRunning || Date.now() > deadline) {
      stop();
      throw new UserError(
        `VS Code for the browser did not start; the log is ${profile.log}. Its end:\n${endOf(profile.log)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { origin, exited, stop };
}

/**
 * LEOAM_PORT, else the port of the last time: the browser keeps what it knows of the window
 * by address.
 * @param {Profile} profile
 */
async function choosePort(profile) {
  const { LEOAM_PORT: named } = process.env;
  if (named) {
    if (/^\d+$/.test(named) && (await freePort(Number(named)))) return Number(named);
    throw new UserError(`LEOAM_PORT is ${named}, which is not a free port of 127.0.0.1.`);
  }
  const file = join(profile.folder, 'port');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const port = (last > 0 ? await freePort(last) : undefined) ?? (await freePort(0));
  writeFileSync(file, String(port));
  return port;
}

/**
 * The port if it is free; any free one for 0.
 * @param {number} wanted
 * @returns {Promise<number | undefined>}
 */
function freePort(wanted) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(undefined));
    probe.listen({ port: wanted, host: '127.0.0.1' }, () => {
      const address = probe.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      probe.close(() => resolve(port));
    });
  });
}

/** @param {string} origin */
async function answers(origin) {
  try {
    return (await fetch(`${origin}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** @param {string} log */
function endOf(log) {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
