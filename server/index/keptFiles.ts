// The kept index on disk: `<home>/repos/<hash of root>/`. Each file begins with one line that
// says what it is and the checksum of what follows; a file that is damaged, of another
// version or from another root reads as absent, and the index is built anew. It holds names
// and words of the source, hence the user-only modes.

import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export type Kept = 'files' | 'lexical' | 'pins' | `tokens-${string}`;

/** Raise it when the form of what is kept changes. */
const FORMAT_VERSION = 1;

/** The folder in which the index of a root is kept. */
export function keptFolder(home: string, root: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 24);
  return join(home, 'repos', hash);
}

/** Those of all roots. */
export function keptFolders(home: string): string[] {
  const repos = join(home, 'repos');
  return existsSync(repos) ? readdirSync(repos).map((name) => join(repos, name)) : [];
}

/** What was kept under a name; undefined when there is nothing whole. */
export function readKept(folder: string, name: Kept): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(folder, name));
  } catch {
    return undefined;
  }
  const lineEnd = bytes.indexOf('\n');
  const body = bytes.subarray(lineEnd + 1);
  return bytes.toString('latin1', 0, lineEnd) === firstLine(name, body) ? body : undefined;
}

/** Whether there is something under a name, whole or damaged. */
export function hasKept(folder: string, name: Kept): boolean {
  return existsSync(join(folder, name));
}

/** Writes under a temporary name, then renames. Throws what the file system throws. */
export function writeKept(folder: string, name: Kept, body: string | Buffer): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const temporary = join(folder, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeFileSync(temporary, Buffer.concat([Buffer.from(firstLine(name, bytes) + '\n'), bytes]), {
      mode: 0o600,
    });
    renameSync(temporary, join(folder, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes what was kept under a name. */
export function removeKept(folder: string, name: Kept): void {
  rmSync(join(folder, name), { force: true });
}

function firstLine(name: Kept, body: Buffer): string {
  const checksum = createHash('sha256').update(body).digest('hex');
  return `leoam index ${name} version ${FORMAT_VERSION} sha256 ${checksum}`;
}
