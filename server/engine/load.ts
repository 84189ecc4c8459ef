// Finds and loads the native addon. In a bundle it lies in `native/` beside the bundled
// file; a run from compiled but unbundled sources takes the one of the last build.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Addon, SystemInfo } from './addon.js';
import { leoError } from './errors.js';

const addonFile = 'leoam.node';

/** The addon, and the folder in which the modules that it loads lie. */
export interface LoadedAddon {
  addon: Addon;
  moduleDir: string;
}

/** Loads the addon; throws a LeoError that says what to run when it is not there or does not fit. */
export function loadAddon(): LoadedAddon {
  const here = dirname(fileURLToPath(import.meta.url));
  const path = findAddon(here);
  if (path === undefined) {
    throw leoError(
      'addon-missing',
      `The engine (${addonFile}) has not been built. Run "npm run build" in the clone.`,
    );
  }
  try {
    const addon = createRequire(import.meta.url)(path) as Addon;
    return { addon, moduleDir: dirname(path) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw leoError(
      'addon-missing',
      `The engine at ${path} cannot be loaded (${reason}). Run "npm run build" to build it for this machine.`,
    );
  }
}

/** What the addon says of this machine. */
export function systemInfo(): SystemInfo {
  const { addon, moduleDir } = loadAddon();
  return addon.systemInfo(moduleDir);
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
