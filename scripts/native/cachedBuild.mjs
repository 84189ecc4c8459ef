// A CMake build of third-party sources in a folder of the cache that is named by its content.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { runLogged } from '../lib/run.mjs';
import { generatorArgs } from '../lib/tools.mjs';

/**
 * A name made of everything that a result depends on.
 * @param {...string} parts
 */
export function contentKey(...parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/**
 * @param {object} options
 * @param {string} options.lists the CMakeLists.txt; it is copied, so that the build folder belongs to no single clone
 * @param {string} options.build the build folder; a file `.complete` in it says that it has been built
 * @param {string[]} options.definitions CMake's, such as `NAME=VALUE`
 * @param {string[]} options.targets
 * @param {string} options.label
 * @param {boolean} options.ninja
 */
export async function buildCached({ lists, build, definitions, targets, label, ninja }) {
  // Ninja knows which outputs an interrupted build left unfinished; make does not.
  if (!ninja && !existsSync(join(build, '.complete')))
    rmSync(build, { recursive: true, force: true });
  const log = join(build, 'build.log');
  const wrapper = join(build, 'wrapper');
  mkdirSync(wrapper, { recursive: true });
  rmSync(log, { force: true });
  copyFileSync(lists, join(wrapper, 'CMakeLists.txt'));
  const configure = [...generatorArgs(ninja), '-S', wrapper, '-B', build];
  const defined = ['CMAKE_BUILD_TYPE=Release', ...definitions].map((one) => `-D${one}`);
  await runLogged('cmake', [...configure, ...defined], { label, log });
  const jobs = String(availableParallelism());
  const how = ['--build', build, '--config', 'Release', '--parallel', jobs];
  await runLogged('cmake', [...how, '--target', ...targets], { label, log });
}
