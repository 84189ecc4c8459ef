// Finds and loads the native addon. In a bundle it lies in `native/` beside the bundled
// file; a run from compiled but unbundled sources takes the one of the last build.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Addon, SystemInfo } from './addon.js';
import { leoError } from './errors.js';
import type { DeviceInfo } from './tierOptions.js';

const addonFile = 'leoam.node';

/** The addon, and the folder in which the modules that it loads lie. */
export interface LoadedAddon {
  addon: Addon;
  moduleDir: string;
}

/**
 * Loads the addon; throws a LeoError that says what to do when it is not there or does not fit.
 * `here`: folder of the running file.
 */
export function loadAddon(here = dirname(fileURLToPath(import.meta.url))): LoadedAddon {
  const path = findAddon(here);
  if (path === undefined) {
    throw leoError('addon-missing', missingMessage(here));
  }
  try {
    const addon = createRequire(import.meta.url)(path) as Addon;
    return { addon, moduleDir: dirname(path) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw leoError('addon-missing', unfitMessage(here, path, reason));
  }
}

/** What the addon says of this machine. */
export function systemInfo(): SystemInfo {
  const { addon, moduleDir } = loadAddon();
  return addon.systemInfo(moduleDir);
}

/** GPUs whose memory this build can use. */
export function devices(): DeviceInfo[] {
  const { addon, moduleDir } = loadAddon();
  return addon.devices(moduleDir);
}

/** Where the addon may lie, seen from the folder of the running file; the first that exists wins. */
export function findAddon(
  here: string,
  override: string | undefined = process.env['LEOAM_ADDON'],
): string | undefined {
  if (override !== undefined && override !== '') {
    return existsSync(override) ? override : undefined;
  }
  const root = join(here, '..', '..', '..'); // out/server/engine -> the clone
  return [
    join(here, 'native', addonFile),
    join(here, '..', 'native', addonFile),
    join(root, 'dist', 'native', addonFile),
    join(root, 'build', 'Release', addonFile),
    join(root, 'build', addonFile),
  ].find((candidate) => existsSync(candidate));
}

function missingMessage(here: string): string {
  return isInClone(here)
    ? `The engine (${addonFile}) has not been built. Run "npm run build" in the clone.`
    : `This package of LeoAM has no engine for ${platform}. ${installPackage}`;
}

function unfitMessage(here: string, path: string, reason: string): string {
  return isInClone(here)
    ? `The engine at ${path} cannot be loaded (${reason}). Run "npm run build" to build it for this machine.`
    : `The engine at ${path} cannot be loaded on ${platform} (${reason}): the file is damaged, or made for another platform. ${installPackage}`;
}

const platform = `${process.platform}-${process.arch}`;
const installPackage = `Install the package of LeoAM for ${platform}.`;

/** In a clone the sources of the engine lie above `dist` and `out/server/engine`. */
function isInClone(here: string): boolean {
  return ['..', join('..', '..', '..')].some((up) => existsSync(join(here, up, 'CMakeLists.txt')));
}
