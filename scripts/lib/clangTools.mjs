// clang-format and clang-tidy at the versions that the sources are written for, from their
// Python packages, in the cache. Systems carry all kinds of versions, which disagree.
import { existsSync, mkdirSync, rmSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { withLock } from './lock.mjs';
import { cacheFolder } from './paths.mjs';
import { capture, runLogged, UserError } from './run.mjs';

const packages = { 'clang-format': '19.1.7', 'clang-tidy': '19.1.0' };

/**
 * Returns the paths of both programs, installing them first where they are missing.
 * @returns {Promise<{ format: string, tidy: string }>}
 */
export async function ensureClangTools() {
  const name = Object.entries(packages)
    .map(([tool, version]) => `${tool}-${version}`)
    .join('_');
  const base = join(cacheFolder(), 'tools');
  const folder = join(base, name);
  if (!existsSync(folder)) {
    await withLock(join(base, 'lock'), 'Installing clang-format and clang-tidy', async () => {
      if (!existsSync(folder)) await install(base, folder);
    });
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (/** @type {string} */ tool) =>
    join(folder, tool.replace('-', '_'), 'data', 'bin', `${tool}${suffix}`);
  return { format: program('clang-format'), tidy: program('clang-tidy') };
}

/**
 * @param {string} base
 * @param {string} folder
 */
async function install(base, folder) {
  const python = ['python3', 'python'].find((name) => capture(name, ['-m', 'pip', '--version']));
  if (!python) {
    throw new UserError(
      'python3 with pip was not found, and the checks of C++ code need it; install the packages "python3" and "python3-pip".',
    );
  }
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const requirements = Object.entries(packages).map(([tool, version]) => `${tool}==${version}`);
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:'];
  await runLogged(python, [...args, '--target', fresh, ...requirements], {
    label: 'Installing clang-format and clang-tidy',
    log: join(base, 'install.log'),
  });
  renameSync(fresh, folder);
}
