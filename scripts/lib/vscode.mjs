// A VS Code with a profile of its own, beside the user's: its settings, its extensions and
// what it remembers lie in `vscode/<kind>` of the cache.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { onPath } from './onPath.mjs';
import { cacheFolder } from './paths.mjs';
import { runLogged } from './run.mjs';

/** @typedef {{ folder: string, user: string, extensions: string, log: string }} Profile */

/**
 * How VS Code's command line is called: the program, and what comes before its arguments.
 * @typedef {{ command: string, args: string[] }} Code
 */

/** What a new profile begins with; afterwards it is the user's. */
const firstSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
};

/**
 * @param {'desktop' | 'browser'} kind
 * @returns {Profile}
 */
export function profileOf(kind) {
  const folder = join(cacheFolder(), 'vscode', kind);
  return {
    folder,
    user: join(folder, 'user'),
    extensions: join(folder, 'extensions'),
    log: join(folder, 'log.txt'),
  };
}

/** Arguments that choose the profile. @param {Profile} profile */
export function profileArgs({ user, extensions }) {
  return ['--user-data-dir', user, '--extensions-dir', extensions];
}

/**
 * Gives the profile its first settings, and the extension unless this very file is in it.
 * @param {Profile} profile
 * @param {Code} code
 * @param {string} vsix
 */
export async function prepareProfile(profile, code, vsix) {
  const settings = join(profile.user, 'User', 'settings.json');
  if (!existsSync(settings)) {
    mkdirSync(join(profile.user, 'User'), { recursive: true });
    writeFileSync(settings, `${JSON.stringify(firstSettings, null, 2)}\n`);
  }
  const { size, mtimeMs } = statSync(vsix);
  const print = `${vsix} ${size} ${mtimeMs}`;
  const stamp = join(profile.folder, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  rmSync(stamp, { force: true });
  const install = ['--install-extension', vsix, '--force'];
  const { command, args, shell } = call(code, [...profileArgs(profile), ...install]);
  rmSync(profile.log, { force: true });
  await runLogged(command, args, {
    label: 'Installing LeoAM into VS Code',
    log: profile.log,
    env: codeEnv(),
    shell,
  });
  writeFileSync(stamp, print);
}

/**
 * VS Code on the desktop, or undefined where there is no desktop or no `code` on PATH. The
 * `code` of a remote window is passed over: it opens folders in that window only.
 * @returns {Code | undefined}
 */
export function desktopCode() {
  const command = hasDesktop() ? onPath('code') : undefined;
  return command && !command.includes('remote-cli') ? { command, args: [] } : undefined;
}

/**
 * Opens a folder in a window of the desktop VS Code.
 * @param {Profile} profile
 * @param {Code} code
 * @param {string} folder
 */
export async function openWindow(profile, code, folder) {
  const { command, args, shell } = call(code, [...profileArgs(profile), '--new-window', folder]);
  await runLogged(command, args, {
    label: 'Opening VS Code',
    log: profile.log,
    env: codeEnv(),
    shell,
  });
}

/** Shows an address in the user's browser, where there is one. @param {string} address */
export function openInBrowser(address) {
  const command = process.platform === 'darwin' ? 'open' : onPath('xdg-open');
  if (!hasDesktop() || !command) return;
  const child = spawn(command, [address], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined); // the address has been printed
  child.unref();
}

/** This process's environment without what a VS Code around it, or a port for others, says. */
export function codeEnv() {
  const env = { ...process.env };
  for (const name of ['VSCODE_IPC_HOOK_CLI', 'ELECTRON_RUN_AS_NODE', 'PORT']) delete env[name];
  return env;
}

function hasDesktop() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/**
 * On Windows `code` is a batch file: it needs a shell, and quotes of our own.
 * @param {Code} code
 * @param {string[]} more
 */
function call({ command, args }, more) {
  const all = [...args, ...more];
  if (!/\.cmd$/i.test(command)) return { command, args: all, shell: false };
  const quoted = (/** @type {string} */ text) => `"${text}"`;
  return { command: quoted(command), args: all.map(quoted), shell: true };
}
