// code-server as a process of its own, with everything that it keeps in one folder.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface CodeServerOptions {
  /** Folder of the package `code-server`. */
  codeServer: string;
  /** Folder that takes settings, extensions and logs. */
  state: string;
  port: number;
  /** On top of what every server gets. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

export interface CodeServer {
  pid: number;
  /** The end of what it has printed. */
  log(): string;
  /** Ends it and everything that it has started. */
  stop(): Promise<void>;
}

const startMs = 60_000;
const stopMs = 10_000;

/** Installs a packed extension into the folder. */
export function installExtension(
  { codeServer, state, env }: Omit<CodeServerOptions, 'port' | 'args'>,
  vsix: string,
): void {
  const args = [entry(codeServer), ...profile(state), '--install-extension', vsix];
  execFileSync(process.execPath, args, { env: environment(state, env), stdio: 'pipe' });
}

/** Starts it on 127.0.0.1 and waits until it answers. */
export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
  const { codeServer, state, port, args, env } = options;
  const log = join(state, 'server.log');
  const output = openSync(log, 'a');
  const child = spawn(
    process.execPath,
    [
      entry(codeServer),
      ...profile(state),
      ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...args,
    ],
    // A group of its own, so that everything it starts can be ended with it.
    { env: environment(state, env), detached: true, stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const { pid } = child;
  assert.ok(pid !== undefined, 'code-server did not start');
  const server: CodeServer = {
    pid,
    log: () => readFileSync(log, 'utf8').slice(-4000),
    stop: () => endGroup(pid),
  };
  const deadline = Date.now() + startMs;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await server.stop();
      assert.fail(`code-server did not start:\n${server.log()}`);
    }
    await sleep(100);
  }
  return server;
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}

function entry(codeServer: string): string {
  return join(codeServer, 'out', 'node', 'entry.js');
}

function profile(state: string): string[] {
  return ['--user-data-dir', join(state, 'user'), '--extensions-dir', join(state, 'extensions')];
}

/** Without what a VS Code around the tests says, without a gallery, without downloads. */
function environment(state: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const hidden = ['PORT', 'VSCODE_IPC_HOOK_CLI', 'LEOAM_HOME', 'LEOAM_MODEL_DIR'];
  const inherited = Object.entries(process.env).filter(([name]) => !hidden.includes(name));
  return {
    ...Object.fromEntries(inherited),
    XDG_CONFIG_HOME: join(state, 'config'),
    XDG_DATA_HOME: join(state, 'data'),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    LEOAM_OFFLINE: '1',
    ...env,
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  } catch {
    return false;
  }
}

async function endGroup(pid: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  const deadline = Date.now() + stopMs;
  while (signalGroup(pid, 0)) {
    if (Date.now() > deadline) {
      signalGroup(pid, 'SIGKILL');
      return;
    }
    await sleep(50);
  }
}

/** Whether there was anybody in the group; signal 0 only asks. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
