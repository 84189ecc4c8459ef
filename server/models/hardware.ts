// What this machine has, as far as the choice of a model and `leoam doctor` need it.

import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';

export interface Hardware {
  platform: string;
  architecture: string;
  cpu: string;
  /** Logical processors that this process may use. */
  processors: number;
  memoryBytes: number;
  /** Memory that a new program can have without pushing others out. */
  memoryFreeBytes: number;
  /** Free space for this user where models and stores lie. */
  diskFreeBytes: number;
}

/** Looks at the machine; `home` says which disk counts. */
export async function hardware(home: string): Promise<Hardware> {
  const limit = memoryLimit();
  const total = Math.min(totalmem(), limit);
  return {
    platform: process.platform,
    architecture: process.arch,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryBytes: total,
    memoryFreeBytes: Math.min(freeMemory(), total),
    diskFreeBytes: await freeDisk(home),
  };
}

/** Free bytes for this user on the disk of `path`, which need not exist yet. */
export async function freeDisk(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(path);
    if (parent === path) throw error;
    return freeDisk(parent);
  }
}

/** A container's limit, where there is one. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

function freeMemory(): number {
  // What the system calls free leaves out the caches that it would give up at once: Linux
  // tells the sum, macOS keeps nearly all memory in use, so half of it is a fair guess.
  if (process.platform === 'linux') {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readMeminfo())?.[1];
    if (kibibytes) return Number(kibibytes) * 1024;
  }
  if (process.platform === 'darwin') return Math.max(freemem(), totalmem() / 2);
  return freemem();
}

function readMeminfo(): string {
  try {
    return readFileSync('/proc/meminfo', 'utf8');
  } catch {
    return '';
  }
}
