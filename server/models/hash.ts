// sha256 of model files, computed once: a file whose size and time of change are those of
// the record is not read again at every start.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { homeFolder, modelsFolder } from './home.js';

interface HashRecord {
  bytes: number;
  changedMs: number;
  sha256: string;
}

const readSize = 1 << 20;

/** sha256 of the file's content, from the record where the file has not changed since. */
export async function modelHash(path: string, home: string = homeFolder()): Promise<string> {
  const known = await recordedHash(path, home);
  if (known !== undefined) return known;
  const sha256 = await hashFile(path);
  await recordHash(path, home, sha256);
  return sha256;
}

/** What the record says, or undefined where there is none that fits the file. */
export async function recordedHash(path: string, home: string): Promise<string | undefined> {
  const record = (await readRecords(home))[resolve(path)];
  if (!record) return undefined;
  const { size, mtimeMs } = await stat(path);
  return record.bytes === size && record.changedMs === mtimeMs ? record.sha256 : undefined;
}

/**
 * Remembers a hash that was just computed. Not being able to is no failure: the hash is then
 * computed again next time.
 */
export async function recordHash(path: string, home: string, sha256: string): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  const records = await readRecords(home);
  records[resolve(path)] = { bytes: size, changedMs: mtimeMs, sha256 };
  try {
    await mkdir(modelsFolder(home), { recursive: true, mode: 0o700 });
    const file = recordsFile(home);
    const fresh = `${file}.${process.pid}`;
    await writeFile(fresh, `${JSON.stringify(records, null, 2)}\n`);
    await rename(fresh, file);
  } catch {
    // A read-only home or a full disk.
  }
}

/** Reads the whole file. `onBytes` hears how far it has come. */
export async function hashFile(path: string, onBytes?: (done: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: readSize })) {
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onBytes?.(done);
  }
  return hash.digest('hex');
}

function recordsFile(home: string): string {
  return join(modelsFolder(home), 'hashes.json');
}

async function readRecords(home: string): Promise<Record<string, HashRecord>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(recordsFile(home), 'utf8'));
    return isRecords(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function isRecords(value: unknown): value is Record<string, HashRecord> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
