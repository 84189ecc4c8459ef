// A limit on the page cache of what this process reads, as a control group of Linux sets it: what a
// file that is mapped into memory may have of it. It takes root, or a group that was handed over.

import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

interface Files {
  root: string;
  limit: string;
  unlimited: string;
  /** Line of `memory.stat` that counts memory which is no page cache. */
  own: string;
}

const versions: readonly Files[] = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', unlimited: 'max', own: 'anon' },
  {
    root: '/sys/fs/cgroup/memory',
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
      const folder = path.join(files.root, `leoam-bench-${String(process.pid)}`);
      try {
        const before = await ownGroup(files.root);
        await mkdir(folder);
        const cap = new MemoryCap(folder, files, before);
        try {
          await cap.write(files.limit, files.unlimited);
          await cap.write('cgroup.procs', String(process.pid));
          return cap;
        } catch {
          await rmdir(folder);
        }
      } catch {
        // not this version
      }
    }
    return undefined;
  }

  /** From now on the system keeps so many bytes of what is read, beside what the process has. */
  async limitCache(bytes: number): Promise<void> {
    const stat = await readFile(path.join(this.folder, 'memory.stat'), 'utf8');
    const own = new RegExp(`^${this.files.own} (\\d+)$`, 'mu').exec(stat)?.[1];
    if (own === undefined) {
      throw new Error(`${this.folder}/memory.stat does not say "${this.files.own}".`);
    }
    await this.write(this.files.limit, String(Number(own) + Math.ceil(bytes)));
  }

  /** No more than once does anything. */
  async leave(): Promise<void> {
    if (this.isLeft) {
      return;
    }
    this.isLeft = true;
    await this.write(this.files.limit, this.files.unlimited);
    await writeFile(path.join(this.before, 'cgroup.procs'), String(process.pid));
    await rmdir(this.folder);
  }

  private write(file: string, text: string): Promise<void> {
    return writeFile(path.join(this.folder, file), text);
  }
}

/** The folder of the group that this process is in. */
async function ownGroup(root: string): Promise<string> {
  const controller = root.endsWith('/memory') ? 'memory' : '';
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).split('\n');
  const line = lines.find((one) => one.split(':')[1]?.split(',').includes(controller));
  if (line === undefined) {
    throw new Error('/proc/self/cgroup does not name the group.');
  }
  return path.join(root, line.split(':').slice(2).join(':'));
}
