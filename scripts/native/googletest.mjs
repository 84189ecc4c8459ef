// GoogleTest's source for the C++ tests, where the system has no compiled one. Taken from
// the system's source package, else from the cache, else downloaded into the cache once.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withLock } from '../lib/lock.mjs';
import { cacheFolder } from '../lib/paths.mjs';
import { runLogged, status } from '../lib/run.mjs';

const version = '1.15.2';
const sha256 = '7b42b4d6ed48810c5362c265a17faebe90dc2373c885e5216439d37927f02926';
const address = `https://github.com/google/googletest/archive/refs/tags/v${version}.tar.gz`;
const answerMs = 20_000;

/**
 * Folder of GoogleTest's source, or undefined where it cannot be had; CMake then looks for
 * a compiled one and says what to install if there is none.
 * @returns {Promise<string | undefined>}
 */
export async function googleTestSource() {
  const system = '/usr/src/googletest';
  if (existsSync(join(system, 'CMakeLists.txt'))) return system;
  const base = join(cacheFolder(), 'googletest');
  const source = join(base, `googletest-${version}`);
  const stamp = join(source, '.complete');
  if (existsSync(stamp)) return source;
  return withLock(join(base, 'lock'), 'Fetching GoogleTest', async () => {
    if (existsSync(stamp)) return source;
    try {
      await download(base, source);
    } catch {
      return undefined;
    }
    writeFileSync(stamp, '');
    return source;
  });
}

/**
 * @param {string} base
 * @param {string} source
 */
async function download(base, source) {
  status('Fetching GoogleTest');
  const response = await fetch(address, { signal: AbortSignal.timeout(answerMs) });
  const archive = Buffer.from(await response.arrayBuffer());
  if (createHash('sha256').update(archive).digest('hex') !== sha256) {
    throw new Error(`${address} has another sha256 than expected`);
  }
  rmSync(source, { recursive: true, force: true });
  mkdirSync(base, { recursive: true });
  const file = join(base, 'googletest.tar.gz');
  writeFileSync(file, archive);
  const log = join(base, 'unpack.log');
  await runLogged('cmake', ['-E', 'tar', 'xzf', file], {
    label: 'Unpacking GoogleTest',
    log,
    cwd: base,
  });
  rmSync(file);
}
