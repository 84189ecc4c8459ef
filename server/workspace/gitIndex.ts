// What git's index says of tracked files, and whether a file is still what it says. Asking git
// which files are modified would make it run the filters that .git/config names; comparing
// size, time and hash here runs nothing.

import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';

/** A tracked file as it was when it was last added. */
export interface TrackedFile {
  /** Hash of its content; sha1 or sha256, by the repository's kind. */
  oid: string;
  /** False for links and submodules. */
  isRegular: boolean;
  isConflict: boolean;
  /** Undefined where git printed none. */
  stat: { seconds: bigint; nanoseconds: bigint; size: bigint } | undefined;
}

export interface IndexEntry {
  path: string;
  /** Undefined for an untracked file. */
  tracked?: TrackedFile;
}

/** Larger ones are not read: they take no part anyway. */
const maxHashedBytes = 1n << 20n;

const statOfEntry =
  /^ {2}ctime: \d+:\d+\n {2}mtime: (\d+):(\d+)\n {2}dev: [^\n]*\n {2}uid: [^\n]*\n {2}size: (\d+)[^\n]*\n/;
const entry = /^(.) (?:(\d{6}) ([0-9a-f]+) (\d)\t)?([^]+)$/;

/** Reads what `git ls-files -t -s --debug -c -o -z` prints. */
export function parseIndex(listed: string): IndexEntry[] {
  const entries: IndexEntry[] = [];
  let last: TrackedFile | undefined;
  for (const piece of listed.split('\0')) {
    // What is known of an entry follows its name.
    const found = statOfEntry.exec(piece);
    if (found !== null && last !== undefined) {
      const [, seconds = '', nanoseconds = '', size = ''] = found;
      last.stat = {
        seconds: BigInt(seconds),
        nanoseconds: BigInt(nanoseconds),
        size: BigInt(size),
      };
    }
    const [, , mode, oid = '', stage, path] = entry.exec(piece.slice(found?.[0].length ?? 0)) ?? [];
    last = undefined;
    if (path !== undefined && mode === undefined) {
      entries.push({ path });
    } else if (path !== undefined) {
      const isRegular = mode?.startsWith('100') === true;
      last = { oid, isRegular, isConflict: stage !== '0', stat: undefined };
      entries.push({ path, tracked: last });
    }
  }
  return entries;
}

/** Whether a regular file differs from what was added. False for one that is gone. */
export function isChanged(folder: string, path: string, tracked: TrackedFile): boolean {
  const { oid, isRegular, isConflict, stat } = tracked;
  if (isConflict || !isRegular) {
    return isConflict;
  }
  const absolute = join(folder, path);
  let now: BigIntStats;
  try {
    now = lstatSync(absolute, { bigint: true });
    if (!now.isFile()) {
      return true;
    }
    if (stat !== undefined && isSame(stat, now)) {
      return false;
    }
    // Git notes size 0 for a file that it wants to be looked at again.
    if (stat !== undefined && stat.size !== 0n && stat.size !== now.size) {
      return true;
    }
    return now.size > maxHashedBytes || blobHash(readFileSync(absolute), oid.length) !== oid;
  } catch {
    return false;
  }
}

/** The index keeps the lower 32 bits of a size, and no nanoseconds where another tool wrote it. */
function isSame(stat: NonNullable<TrackedFile['stat']>, now: BigIntStats): boolean {
  const nanoseconds = now.mtimeNs % 1_000_000_000n;
  return (
    stat.size === BigInt.asUintN(32, now.size) &&
    stat.seconds === BigInt.asUintN(32, now.mtimeNs / 1_000_000_000n) &&
    (stat.nanoseconds === 0n || stat.nanoseconds === nanoseconds)
  );
}

/** As `git hash-object` without filters. */
function blobHash(content: Buffer, hexDigits: number): string {
  return createHash(hexDigits === 64 ? 'sha256' : 'sha1')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}
