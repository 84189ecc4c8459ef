// code-server, which is VS Code in a browser: what `npm start` opens where there is no desktop
// VS Code, and what the end-to-end tests run in. Installed once per machine into the cache:
//
//   code-server-<version>/node_modules/code-server
//
// Its own install script fetches programs from the network and compiles modules that are not
// needed here. So install scripts are left out, the needed modules are compiled one by one,
// and the system's ripgrep stands in for the one that would be fetched.
//
//   node scripts/codeServer.mjs       installs and prints where
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { withLock } from './lib/lock.mjs';
import { cleanNpmEnv } from './lib/npmEnv.mjs';
import { onPath } from './lib/onPath.mjs';
import { cacheFolder } from './lib/paths.mjs';
import { clearStatus, npmCommand, runLogged, runMain, UserError } from './lib/run.mjs';

/** The newest that runs on node 20; holds VS Code 1.100. */
const version = '4.100.3';

const label = 'Installing VS Code for the browser (code-server; once, some minutes)';

/** Program, package that has it (Debian and Fedora), and what brings it on macOS. */
const tools = [
  { names: ['rg'], debian: 'ripgrep', fedora: 'ripgrep', macos: 'brew install ripgrep' },
  { names: ['make'], debian: 'make', fedora: 'make', macos: 'xcode-select --install' },
  { names: ['g++', 'c++'], debian: 'g++', fedora: 'gcc-c++', macos: 'xcode-select --install' },
  { names: ['python3'], debian: 'python3', fedora: 'python3', macos: 'brew install python3' },
];

/**
 * Folder of the package as installed on this machine; installs it first where that has not
 * been done. A half-done try leaves only a `.new` folder, removed by the next.
 * @returns {Promise<string>}
 */
export async function ensureCodeServer() {
  const folder = join(cacheFolder(), `code-server-${version}`);
  if (!isComplete(folder)) {
    requireTools();
    await withLock(join(cacheFolder(), 'code-server.lock'), label, async () => {
      if (isComplete(folder)) return;
      const fresh = `${folder}.new`;
      rmSync(fresh, { recursive: true, force: true });
      await install(fresh);
      writeFileSync(join(fresh, '.complete'), process.versions.modules);
      rmSync(folder, { recursive: true, force: true });
      renameSync(fresh, folder);
    });
    clearStatus();
  }
  return packageIn(folder);
}

/** The program to run with node. @param {string} codeServer */
export function codeServerEntry(codeServer) {
  return join(codeServer, 'out', 'node', 'entry.js');
}

/**
 * The compiled modules fit one line of node versions only.
 * @param {string} folder
 */
function isComplete(folder) {
  const stamp = join(folder, '.complete');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === process.versions.modules;
}

/** @param {string} folder */
function packageIn(folder) {
  return join(folder, 'node_modules', 'code-server');
}

function requireTools() {
  if (process.platform === 'win32') {
    throw new UserError(
      'code-server does not run on Windows; install VS Code with its command "code" on PATH.',
    );
  }
  const missing = tools.filter(({ names }) => !onPath(...names));
  if (missing.length === 0) return;
  const programs = missing.map(({ names }) => names[0]).join(', ');
  const packages = (/** @type {'debian' | 'fedora' | 'macos'} */ system) => [
    ...new Set(missing.map((tool) => tool[system])),
  ];
  const debian = packages('debian');
  const how =
    process.platform === 'darwin'
      ? `run "${packages('macos').join(' && ')}"`
      : `install ${debian.join(', ')} (Debian, Ubuntu: apt-get install ${debian.join(' ')}; Fedora: dnf install ${packages('fedora').join(' ')})`;
  throw new UserError(`not found: ${programs}, needed for VS Code in the browser; ${how}.`);
}

/** @param {string} folder */
async function install(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const log = join(cacheFolder(), 'code-server.log');
  rmSync(log, { force: true });
  const env = buildEnv();
  const npm = (/** @type {string} */ cwd, /** @type {string[]} */ ...args) => {
    const { command, args: all, shell } = npmCommand(args);
    return runLogged(command, all, { label, log, cwd, env, shell });
  };
  const node = (/** @type {string} */ cwd, /** @type {string[]} */ ...args) =>
    runLogged(process.execPath, args, { label, log, cwd, env });
  const fetchOnly = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  const compile = ['rebuild', '--ignore-scripts=false'];

  await npm(folder, ...fetchOnly, `code-server@${version}`);
  await npm(folder, ...compile, 'argon2');
  const vscode = join(packageIn(folder), 'lib', 'vscode');
  await npm(vscode, ...fetchOnly, '--omit=dev');
  await npm(join(vscode, 'extensions'), ...fetchOnly, '--omit=dev');
  await npm(vscode, ...compile, '@vscode/spdlog', 'native-watchdog');
  try {
    await npm(vscode, ...compile, 'node-pty');
  } catch (error) {
    // Its script may fail after the module has been compiled; the check below decides.
    if (!(error instanceof UserError)) throw error;
  }
  link(vscode);

  const modules = ['@vscode/spdlog', 'native-watchdog', 'node-pty', '@parcel/watcher'];
  await node(vscode, '-e', modules.map((name) => `require('${name}');`).join(' '));
  await node(folder, '-e', "require('argon2');");
  const config = join(folder, 'config.yaml'); // else it writes one into the user's home
  await node(folder, codeServerEntry(packageIn(folder)), '--config', config, '--version');
}

/**
 * The links that the package's install script would make, and ripgrep.
 * @param {string} vscode
 */
function link(vscode) {
  const system = process.platform === 'darwin' ? 'darwin' : 'linux';
  const ripgrep = join(vscode, 'node_modules', '@vscode', 'ripgrep', 'bin');
  mkdirSync(ripgrep, { recursive: true });
  replaceLink(/** @type {string} */ (onPath('rg')), join(ripgrep, 'rg'));
  replaceLink('node_modules', join(vscode, 'node_modules.asar'));
  replaceLink(`code-${system}.sh`, join(vscode, 'bin', 'remote-cli', 'code-server'));
  replaceLink(`browser-${system}.sh`, join(vscode, 'bin', 'helpers', 'browser.sh'));
}

/**
 * @param {string} target
 * @param {string} path
 */
function replaceLink(target, path) {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** With node's own headers where they lie beside it, so that none are fetched. */
function buildEnv() {
  const env = cleanNpmEnv();
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  if (!env.npm_config_nodedir && existsSync(join(prefix, 'include', 'node', 'node.h'))) {
    env.npm_config_nodedir = prefix;
  }
  return env;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => console.log(await ensureCodeServer()));
}
