// The first command of the README: installs what is missing, builds, and opens VS Code with
// LeoAM on a folder: the desktop's where there is one, else VS Code in the browser. With a
// question it answers in the terminal. Whatever has been done before is not done again: the
// second start takes seconds, and needs no network.
//
//   npm start [-- FOLDER]                     VS Code on FOLDER
//   npm start -- FOLDER --no-open             serves it to a browser, and opens none
//   npm start -- FOLDER "question"            in the terminal
//   npm start -- FOLDER --terminal            a prompt there; takes options of `leoam ask`
//
// LEOAM_PORT names the port that the browser's VS Code is served at.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { buildProduct } from './build.mjs';
import { codeServerEntry, ensureCodeServer } from './codeServer.mjs';
import { root } from './lib/paths.mjs';
import { clearStatus, runMain, UserError } from './lib/run.mjs';
import { browserCode, serveCode } from './lib/serveCode.mjs';
import {
  desktopCode,
  openInBrowser,
  openWindow,
  prepareProfile,
  profileOf,
} from './lib/vscode.mjs';
import { runCli } from './leoam.mjs';
import { packageVsix } from './package.mjs';

const flags = ['--no-open', '--terminal'];

const all = process.argv.slice(2);
const args = all.filter((argument) => !flags.includes(argument));
const optionsAt = args.findIndex((argument) => argument.startsWith('-'));
const words = optionsAt < 0 ? args : args.slice(0, optionsAt);
const options = optionsAt < 0 ? [] : args.slice(optionsAt);
const [folder, question] = words;
const isTerminal = question !== undefined || all.includes('--terminal');
const opensNothing = all.includes('--no-open');
let isBuilt = false;

await runMain(async () => {
  checkCall();
  if (isTerminal) {
    await buildProduct();
    isBuilt = true;
    return;
  }
  const vsix = await packageVsix();
  const desktop = opensNothing ? undefined : desktopCode();
  await (desktop === undefined ? openBrowser(vsix) : openDesktop(desktop, vsix));
});
clearStatus();
if (isBuilt) {
  await runCli([
    'ask',
    ...(question === undefined ? [] : [question]),
    '--repo',
    repository(),
    ...options,
  ]);
}

function checkCall() {
  if (words.length > 2) {
    throw new UserError('put the question in quotes: npm start -- FOLDER "question".');
  }
  if (!isTerminal && options.length > 0) {
    throw new UserError(
      `${options[0]} is an option of the terminal; use: npm start -- FOLDER --terminal ${options.join(' ')}.`,
    );
  }
  requireFolder(repository());
}

/**
 * @param {import('./lib/vscode.mjs').Code} code
 * @param {string} vsix
 */
async function openDesktop(code, vsix) {
  const profile = profileOf('desktop');
  await prepareProfile(profile, code, vsix);
  await openWindow(profile, code, repository());
  clearStatus();
  console.log(`VS Code with LeoAM is open on ${repository()}.`);
}

/**
 * Serves until Ctrl+C.
 * @param {string} vsix
 */
async function openBrowser(vsix) {
  const profile = profileOf('browser');
  const code = browserCode(codeServerEntry(await ensureCodeServer()), profile);
  await prepareProfile(profile, code, vsix);
  const { origin, exited, stop } = await serveCode(code, profile);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, stop);
  }
  const address = `${origin}/?folder=${encodeURIComponent(repository())}`;
  clearStatus();
  console.log(`VS Code with LeoAM on ${repository()} (Ctrl+C ends it):\n${address}`);
  if (!opensNothing) openInBrowser(address);
  await exited;
}

/** The folder as seen from where the user is; without one, this clone. */
function repository() {
  return folder === undefined ? root : resolve(process.env.INIT_CWD ?? process.cwd(), folder);
}

/** @param {string} path */
function requireFolder(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`there is no folder ${path}; use: npm start -- FOLDER.`);
  }
}
