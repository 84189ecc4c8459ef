// Has anything changed? A fingerprint of files by name, size and time of change, and stamps
// that remember the fingerprint of the last success.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { root } from './paths.mjs';

/**
 * @param {string[]} paths files and folders, relative to the clone; missing ones count too
 * @param {string[]} extra anything else that the result depends on
 */
export function fingerprint(paths, extra = []) {
  const hash = createHash('sha256').update(JSON.stringify([process.version, ...extra]));
  for (const path of paths) {
    for (const file of filesBelow(join(root, path))) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${relative(root, file)}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

/**
 * Every file at or below `path`, sorted; dependencies and hidden folders left out.
 * @param {string} path
 * @returns {string[]}
 */
export function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = join(path, entry.name);
      return entry.isDirectory() ? filesBelow(child) : [child];
    });
}

/**
 * Runs `work` unless its last success had the same fingerprint. Returns whether it ran.
 * @param {string} stamp file that keeps the fingerprint
 * @param {string} print
 * @param {() => Promise<void>} work
 */
export async function unlessUnchanged(stamp, print, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return false;
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
  return true;
}
