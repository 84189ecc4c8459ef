#!/usr/bin/env node
// The command `leoam` inside the clone: builds what has changed, then runs dist/cli.js in
// this very process, in the folder where the user is.
//
//   npm run -s leoam -- COMMAND [options]
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildProduct } from './build.mjs';
import { distFolder } from './lib/paths.mjs';
import { clearStatus, runMain } from './lib/run.mjs';

/**
 * Hands over to the command line program.
 * @param {string[]} args
 */
export async function runCli(args) {
  const program = join(distFolder, 'cli.js');
  process.argv = [process.execPath, program, ...args];
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD); // npm moves to the clone
  await import(pathToFileURL(program).href);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  let built = false;
  await runMain(async () => {
    await buildProduct();
    built = true;
  });
  clearStatus();
  if (built) await runCli(process.argv.slice(2));
}
