// A limit on the page cache of what this process reads, as a control group of Linux sets it: what a
// file that is mapped into memory may have of it. It takes root, or groups that were handed over.

import { constants } from 'node:fs';
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { note } from './support.js';

interface Files {
  root: string;
  /** Controller in a line of /proc/self/cgroup. */
  controller: string;
  limit: string;
  unlimited: string;
  /** Line of `memory.stat` that counts memory which is no page cache. */
  own: string;
}

const versions: readonly Files[] = [
  {
    root: '/sys/fs/cgroup',
    controller: '',
    limit: 'memory.max',
    unlimited: 'max',
    own: 'anon',
  },
  {
    root: '/sys/fs/cgroup/memory',
    controller: 'memory',
    limit: 'memory.limit_in_bytes',
    unlimited: '-1',
    own: 'rss',
  },
];

/** While it stands, what is read newly counts; what lies in memory already counts where it did. */
export class MemoryCap {
  private isLeft = false;

  private constructor(
    private readonly folder: string,
    private readonly files: Files,
    private readonly before: string,
  ) {}

  /** Moves this process into a group of its own; undefined where the system has none for it. */
  static async enter(): Promise<MemoryCap | undefined> {
    for (const files of versions) {
      try {
        return await enterOf(files, (folder, before) => new MemoryCap(folder, files, before));
      } catch {
        // Not this version, or not for this process.
      }
    }
    return undefined;
  }

  /** From now on the system keeps so many bytes of what is read, beside what the process has. */
  async limitCache(bytes: number): Promise<void> {
    const own = await countOf(this.folder, this.files);
    await write(this.folder, this.files.limit, String(own + Math.ceil(bytes)));
  }

  /** Throws where it cannot: what is measured later would be under the limit, too. */
  async leave(): Promise<void> {
    if (this.isLeft) {
      return;
    }
    this.isLeft = true;
    await write(this.before, 'cgroup.procs', String(process.pid));
    try {
      await rmdir(this.folder);
    } catch (error) {
      note(`${this.folder} stays: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function enterOf<T>(files: Files, make: (folder: string, before: string) => T): Promise<T> {
  const before = await ownGroup(files);
  await access(path.join(before, 'cgroup.procs'), constants.W_OK);
  const folder = path.join(beside(before, files), `leoam-bench-${String(process.pid)}`);
  await mkdir(folder);
  try {
    await countOf(folder, files);
    await write(folder, files.limit, files.unlimited);
    await write(folder, 'cgroup.procs', String(process.pid));
    return make(folder, before);
  } catch (error) {
    await rmdir(folder);
    throw error;
  }
}

/** In version 2 a group that has processes hands nothing down, but for the root. */
function beside(group: string, { root, controller }: Files): string {
  return controller === '' && path.resolve(group) !== root ? path.dirname(group) : group;
}

/** Makes no file: where there is none of that name, it is no such group. */
function write(folder: string, file: string, text: string): Promise<void> {
  return writeFile(path.join(folder, file), text, { flag: 'r+' });
}

/** Bytes of the group that are no page cache. */
async function countOf(folder: string, { own }: Files): Promise<number> {
  const stat = await readFile(path.join(folder, 'memory.stat'), 'utf8');
  const count = new RegExp(`^${own} (\\d+)$`, 'mu').exec(stat)?.[1];
  if (count === undefined) {
    throw new Error(`${folder}/memory.stat does not say "${own}".`);
  }
  return Number(count);
}

/** The folder of the group that this process is in. */
async function ownGroup({ root, controller }: Files): Promise<string> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).split('\n');
  const line = lines.find((one) => one.split(':')[1]?.split(',').includes(controller));
  if (line === undefined) {
    throw new Error('/proc/self/cgroup does not name the group.');
  }
  return path.join(root, line.split(':').slice(2).join(':'));
}
