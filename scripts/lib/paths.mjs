// Where things lie: the clone, its build folders, and the cache outside the clone that
// clones share (llama.cpp as built, tools, test data).
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the clone. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Folder of everything that is built in the clone and not shipped. */
export const buildFolder = join(root, 'build');

/** Folder of what runs: bundles, and the addon with its libraries in `native/`. */
export const distFolder = join(root, 'dist');

/** TypeScript as compiled by tsc, for tests and unbundled use. */
export const outFolder = join(root, 'out');

/** The shared cache: LEOAM_CACHE, or the platform's cache folder. Safe to delete at any time. */
export function cacheFolder() {
  const { LEOAM_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (LEOAM_CACHE) return resolve(LEOAM_CACHE);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'leoam');
  if (process.platform === 'win32') {
    return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'leoam', 'cache');
  }
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'leoam');
}
