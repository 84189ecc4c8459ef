// The browser that end-to-end tests drive: one that is on the machine, else one of a pinned
// version that playwright-core's own installer brings into the cache.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { withLock } from './lock.mjs';
import { isProgram, onPath } from './onPath.mjs';
import { cacheFolder } from './paths.mjs';
import { clearStatus, runLogged, UserError } from './run.mjs';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
];

const macPrograms = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/** An unreachable host is noticed within seconds; a slow one is given up. */
const connectMs = 10_000;
const installMs = 10 * 60_000;
const startMs = 30_000;

/**
 * Path of a Chromium-based browser: LEOAM_CHROMIUM, else one on PATH, else one of the usual
 * places of macOS, else the cache's own, which is fetched where it is missing.
 * @returns {Promise<string>}
 */
export async function ensureChromium() {
  const { LEOAM_CHROMIUM: named } = process.env;
  if (named) {
    if (isProgram(named)) return named;
    throw new UserError(`LEOAM_CHROMIUM names ${named}, which is no program.`);
  }
  const found =
    onPath(...names) ?? (process.platform === 'darwin' ? macPrograms.find(isProgram) : undefined);
  return found ?? (await cachedChromium());
}

async function cachedChromium() {
  const folder = join(cacheFolder(), 'browsers');
  const program = await pinnedProgram(folder);
  if (!isInstalled(folder, program)) {
    if (isOffline()) throw missing('LEOAM_OFFLINE is set, so none is fetched');
    await withLock(`${folder}.lock`, label, async () => {
      if (!isInstalled(folder, program)) await install(folder, program);
    });
    clearStatus();
  }
  const version = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: startMs });
  if (version.status !== 0) {
    const reason = version.error?.message ?? version.stderr.trim().split('\n')[0];
    throw missing(`the fetched one does not start (${reason})`);
  }
  return program;
}

const label = 'Fetching Chromium for the end-to-end tests (once, some 170 MB)';

/**
 * Where the installer puts the version that the pinned playwright-core goes with. It reads its
 * folder from the environment when it is loaded.
 * @param {string} folder
 */
async function pinnedProgram(folder) {
  process.env.PLAYWRIGHT_BROWSERS_PATH = folder;
  const { chromium } = await import('playwright-core');
  return chromium.executablePath();
}

/**
 * The program alone may be half of an interrupted installation.
 * @param {string} folder
 * @param {string} program
 */
function isInstalled(folder, program) {
  const stamp = join(folder, 'installed');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === program && isProgram(program);
}

/**
 * @param {string} folder
 * @param {string} program
 */
async function install(folder, program) {
  const manifest = createRequire(import.meta.url).resolve('playwright-core/package.json');
  const installer = join(dirname(manifest), 'cli.js');
  try {
    await runLogged(process.execPath, [installer, 'install', 'chromium', '--no-shell'], {
      label,
      log: join(cacheFolder(), 'chromium.log'),
      timeoutMs: installMs,
      env: {
        ...process.env,
        PLAYWRIGHT_BROWSERS_PATH: folder,
        PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: String(connectMs),
      },
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw missing(`none could be fetched; the log is ${join(cacheFolder(), 'chromium.log')}`);
  }
  if (!isProgram(program)) throw missing(`its installer brought no ${program}`);
  writeFileSync(join(folder, 'installed'), program);
}

/** As the product understands it. */
function isOffline() {
  return ['1', 'true', 'yes'].includes(process.env.LEOAM_OFFLINE ?? '');
}

/** @param {string} why */
function missing(why) {
  return new UserError(
    `no Chromium was found, and the end-to-end tests drive one: ${why}. Please ${advice()}, or name one in LEOAM_CHROMIUM.`,
  );
}

function advice() {
  if (process.platform === 'darwin') return 'run "brew install --cask chromium"';
  if (process.platform === 'win32') return 'run "winget install Google.Chrome"';
  return 'install the package "chromium" (Debian: apt-get install chromium; Fedora: dnf install chromium)';
}
