// Makes the system forget files that it keeps in memory, so that reading them measures the
// disk. GNU dd can ask for it file by file; where there is no such dd, that is said.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { capture } from './support.js';

export interface Dropped {
  dropped: boolean;
  /** How, or why not. */
  how: string;
  files: number;
  bytes: number;
  /** What is still in memory afterwards, where the system can tell. */
  residentBytes?: number;
}

const filesPerCall = 200;

/** Drops all files below the folders from the page cache. They must be on disk (see `flushFiles`). */
export async function dropFromPageCache(folders: readonly string[]): Promise<Dropped> {
  const files = (await Promise.all(folders.map(filesBelow))).flat();
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (process.platform !== 'linux') {
    return {
      dropped: false,
      how: `not possible on ${process.platform}`,
      files: files.length,
      bytes,
    };
  }
  const script = 'for file; do dd if="$file" iflag=nocache count=0 status=none || exit 1; done';
  try {
    for (const batch of batches(files)) {
      await capture('sh', ['-c', script, 'sh', ...batch]);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { dropped: false, how: `dd could not: ${reason}`, files: files.length, bytes };
  }
  const residentBytes = await residentBytesOf(files);
  return {
    dropped: residentBytes === undefined || residentBytes < bytes / 10,
    how: 'dd iflag=nocache count=0 (POSIX_FADV_DONTNEED)',
    files: files.length,
    bytes,
    ...(residentBytes === undefined ? {} : { residentBytes }),
  };
}

/** Pages that were not written to the disk yet cannot be dropped. */
export async function flushFiles(folder: string): Promise<void> {
  if (process.platform === 'linux') {
    await capture('sync', ['-f', folder]);
  }
}

/** From util-linux' fincore, where it is installed. */
async function residentBytesOf(files: readonly string[]): Promise<number | undefined> {
  try {
    let sum = 0;
    for (const batch of batches(files)) {
      const args = ['--bytes', '--noheadings', '--output', 'RES', ...batch];
      const lines = (await capture('fincore', args)).trim().split(/\s+/);
      sum += lines.reduce((total, line) => total + Number(line), 0);
    }
    return sum;
  } catch {
    return undefined;
  }
}

function batches(files: readonly string[]): string[][] {
  const count = Math.ceil(files.length / filesPerCall);
  return Array.from({ length: count }, (_, i) =>
    files.slice(i * filesPerCall, (i + 1) * filesPerCall),
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The most that is read to measure a disk. */
const measuredBytes = 256e6;

/** How fast files below a folder are read past the page cache, one read of 64 KiB after another. */
export async function diskSpeed(folder: string): Promise<{ mbPerSecond: number } | string> {
  const files: string[] = [];
  let bytes = 0;
  for (const file of await filesBelow(folder)) {
    if (bytes < measuredBytes) {
      files.push(file);
      bytes += (await stat(file)).size;
    }
  }
  const script =
    'for file; do dd if="$file" of=/dev/null bs=64k iflag=direct status=none || exit 1; done';
  const started = performance.now();
  try {
    await capture('sh', ['-c', script, 'sh', ...files]);
  } catch (error) {
    return `dd could not: ${error instanceof Error ? error.message : String(error)}`;
  }
  return { mbPerSecond: bytes / 1e3 / (performance.now() - started) };
}
