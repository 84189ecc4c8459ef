// A lock between processes: a folder whose making is atomic. Its owner touches it while it
// works; one that has not been touched for a while belonged to a process that died.
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

import { status } from './run.mjs';

const beatMs = 5_000;
const staleMs = 60_000;

/**
 * Runs `work` while holding the lock at `path`; waits for another owner first.
 * @template T
 * @param {string} path
 * @param {string} label what the wait is for, shown while waiting
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, label, work) {
  mkdirSync(dirname(path), { recursive: true });
  while (!tryLock(path)) {
    status(`${label}: waiting for another process that does the same`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimesSync(path, now, now);
  }, beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { recursive: true, force: true });
  }
}

/** @param {string} path */
function tryLock(path) {
  try {
    mkdirSync(path);
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, host: hostname() }));
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  if (isStale(path)) rmSync(path, { recursive: true, force: true });
  return false;
}

/** @param {string} path */
function isStale(path) {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    if (age > staleMs) return true;
    const owner = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
    return owner.host === hostname() && !isAlive(owner.pid);
  } catch {
    return false; // just released, or its owner has not written its name yet
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
