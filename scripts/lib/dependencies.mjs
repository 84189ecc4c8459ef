// Installs the npm packages that the lock file names, when they are missing or outdated.
// Uses nothing but node itself: it runs before there are any packages.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root, cacheFolder } from './paths.mjs';
import { npmCommand, runLogged, UserError } from './run.mjs';

const oldestNode = 20;

/** Runs `npm ci` unless node_modules was installed from the present lock file. */
export async function ensureDependencies() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < oldestNode) {
    throw new UserError(
      `node ${process.versions.node} is too old: version ${oldestNode} or newer is needed.`,
    );
  }
  const lock = readFileSync(join(root, 'package-lock.json'));
  const print = createHash('sha256').update(lock).update(process.version).digest('hex');
  const stamp = join(root, 'node_modules', '.leoam-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  if (!isInstalled(lock.toString())) {
    const npm = npmCommand(['ci', '--no-audit', '--no-fund']);
    await runLogged(npm.command, npm.args, {
      label: 'Installing packages',
      log: join(cacheFolder(), 'npm-ci.log'),
      cwd: root,
      shell: npm.shell,
    });
  }
  writeFileSync(stamp, print);
}

/**
 * True when someone's `npm ci` or `npm install` has put the lock file's versions there.
 * @param {string} lock
 */
function isInstalled(lock) {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const has = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const wants = JSON.parse(lock).packages;
  return Object.entries(wants).every(
    ([path, entry]) => path === '' || entry.optional || has[path]?.version === entry.version,
  );
}
