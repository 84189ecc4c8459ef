// The first command of the README: installs what is missing, builds, fetches the model, and
// answers questions about a folder. Whatever has been done before is not done again: the
// second start takes seconds, and needs no network.
//
//   npm start [-- FOLDER ["question"] [options of `leoam ask`]]
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { buildProduct } from './build.mjs';
import { root } from './lib/paths.mjs';
import { clearStatus, runMain, UserError } from './lib/run.mjs';
import { runCli } from './leoam.mjs';

let ready = false;
const args = process.argv.slice(2);
const optionsAt = args.findIndex((argument) => argument.startsWith('-'));
const words = optionsAt < 0 ? args : args.slice(0, optionsAt);
const options = optionsAt < 0 ? [] : args.slice(optionsAt);
const [folder, question] = words;

await runMain(async () => {
  if (words.length > 2) {
    throw new UserError('put the question in quotes: npm start -- FOLDER "question".');
  }
  requireFolder(repository());
  await buildProduct();
  ready = true;
});
clearStatus();
if (ready) {
  await runCli([
    'ask',
    ...(question === undefined ? [] : [question]),
    '--repo',
    repository(),
    ...options,
  ]);
}

/** The folder as seen from where the user is; without one, this clone. */
function repository() {
  return folder === undefined ? root : resolve(process.env.INIT_CWD ?? process.cwd(), folder);
}

/** @param {string} path */
function requireFolder(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`there is no folder ${path}; use: npm start -- FOLDER "question".`);
  }
}
