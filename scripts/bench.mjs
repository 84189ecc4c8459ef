// Runs one of the benches in test/bench.
//
//   npm run bench -- NAME [--json] [options of the bench]
//
// With --json exactly one JSON object goes to standard output, else tables for people.
// Progress goes to standard error.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildProduct, compileNative, compileTypeScript, nativeBuildFolder } from './build.mjs';
import { ensureCodeServer } from './codeServer.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { filesBelow } from './lib/fingerprint.mjs';
import { cacheFolder, outFolder } from './lib/paths.mjs';
import { clearStatus, runMain, UserError } from './lib/run.mjs';
import { ensureLlama } from './native/llama.mjs';
import { packageVsix } from './package.mjs';

const benches = {
  engine: "prefill and decode of our engine against llama.cpp's own benchmark program",
  ask: 'time to the first token of an answer, in a new process, from a warm store',
  quality: 'right answers in each mode over the question set',
  retrieval: 'whether the working set holds the line that answers, over the question set; seconds',
  completion: "suggestions while typing against llama.cpp's server; under load",
  fill: 'holes in real files filled in each mode, half of them with a name of another file',
  soak: 'ten thousand suggestions with edits and cancellation at random: stale ones, memory',
  tiers: 'decoding behind a context whose KV is larger than the memory for it',
  store: 'bytes and cost of each precision; what edits make the engine compute',
  window: 'from an opened VS Code to a ready LeoAM, from a warm store; memory; cost at start',
};

await runMain(async () => {
  const [name, ...rest] = process.argv.slice(2);
  if (name === undefined || !Object.hasOwn(benches, name)) {
    const list = Object.entries(benches).map(([key, text]) => `  ${key.padEnd(10)} ${text}`);
    throw new UserError(`which bench? npm run bench -- NAME, with NAME one of\n${list.join('\n')}`);
  }
  await buildProduct();
  await compileTypeScript();
  if (['engine', 'ask', 'completion'].includes(name)) {
    await provideLlamaPrograms(name === 'engine');
  }
  if (name === 'window') await provideWindow();
  clearStatus();
  process.env.LEOAM_CACHE = cacheFolder();
  // A signal ends the process through exit(), so that programs that a bench started are ended too.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

  const { run } = await load(name);
  const result = await run(rest.filter((argument) => argument !== '--json'));
  if (rest.includes('--json')) {
    console.log(JSON.stringify(result));
  } else {
    const { formatReport } = await load('table');
    console.log(formatReport(result));
  }
});

/**
 * llama-bench and llama-server, and on request our own bench program, from the same sources;
 * benches find them through the environment.
 * @param {boolean} own
 */
async function provideLlamaPrograms(own) {
  const llama = await ensureLlama({ programs: true });
  process.env.LEOAM_LLAMA_BIN = llama.bin;
  process.env.LEOAM_LLAMA_SOURCE = llama.source;
  if (own) {
    await compileNative(['engine_bench'], llama, ['LEOAM_BENCH=ON']);
    const program = filesBelow(nativeBuildFolder).find((file) =>
      /[\\/]engine_bench(\.exe)?$/.test(file),
    );
    if (!program) throw new UserError('The build made no engine_bench.');
    process.env.LEOAM_ENGINE_BENCH = program;
  }
}

/** The packed extension, a VS Code and a browser, as the end-to-end tests have them. */
async function provideWindow() {
  process.env.LEOAM_TEST_CHROMIUM = await ensureChromium();
  process.env.LEOAM_TEST_CODE_SERVER = await ensureCodeServer();
  process.env.LEOAM_TEST_VSIX = await packageVsix();
}

/** @param {string} name */
async function load(name) {
  const file = join(outFolder, 'test', 'bench', `${name}.js`);
  if (!existsSync(file)) throw new UserError(`${file} is missing; was TypeScript compiled?`);
  return import(pathToFileURL(file).href);
}
