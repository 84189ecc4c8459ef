// What git knows of a folder: its files, which of them changed, which changed lately. Every
// question answers undefined where git is not installed, refuses or knows nothing.

import { execFileSync } from 'node:child_process';

export interface GitFiles {
  /** Tracked and untracked, not ignored; relative to the folder. Nested repositories end with a slash. */
  paths: string[];
  /** Of these, changed since the last commit or untracked. */
  modified: Set<string>;
  /** Ignored files and folders, a folder (ending with a slash) standing for all in it. */
  ignored: string[];
}

const MAX_OUTPUT_BYTES = 512 << 20;
const RECENT_COMMITS = 100;
/** A commit of more files is an import or a format run and says nothing about use. */
const MAX_FILES_OF_A_CHANGE = 60;

/** Files of a folder inside a work tree; undefined where the folder is not in one or is ignored by it. */
export function gitFiles(folder: string): GitFiles | undefined {
  if (git(folder, ['rev-parse', '--is-inside-work-tree'])?.trim() !== 'true') {
    return undefined;
  }
  // A package inside an ignored node_modules is a repository of its own to its reader.
  if (git(folder, ['check-ignore', '-q', '.']) !== undefined) {
    return undefined;
  }
  const listed = git(folder, ['ls-files', '-t', '-c', '-o', '-m', '--exclude-standard', '-z']);
  if (listed === undefined) {
    return undefined;
  }
  const paths = new Set<string>();
  const modified = new Set<string>();
  for (const entry of split(listed)) {
    const path = entry.slice(2);
    paths.add(path);
    if (entry.startsWith('C ') || entry.startsWith('? ')) {
      modified.add(path);
    }
  }
  const ignored = git(folder, [
    'ls-files',
    '-o',
    '-i',
    '--exclude-standard',
    '--directory',
    '--no-empty-directory',
    '-z',
  ]);
  return { paths: [...paths], modified, ignored: ignored === undefined ? [] : split(ignored) };
}

/** Paths of the last commits below the folder, the latest first, to their place in that order. */
export function recentlyCommitted(folder: string): Map<string, number> {
  const log = git(folder, [
    'log',
    '-n',
    String(RECENT_COMMITS),
    '--name-only',
    '--relative',
    '--no-renames',
    '--format=%x01',
    '-z',
  ]);
  const order = new Map<string, number>();
  for (const commit of (log ?? '').split('\u0001')) {
    const paths = split(commit).map((path) => path.replace(/^\n/, ''));
    if (paths.length > MAX_FILES_OF_A_CHANGE) {
      continue;
    }
    for (const path of paths) {
      if (path !== '' && !order.has(path)) {
        order.set(path, order.size);
      }
    }
  }
  return order;
}

function split(output: string): string[] {
  return output.split('\0').filter((entry) => entry !== '');
}

function git(folder: string, args: string[]): string | undefined {
  // The folder's own configuration must not start programs of its choice.
  const safe = ['-C', folder, '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false'];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE)$/.test(name)),
  );
  try {
    return execFileSync('git', [...safe, ...args], {
      encoding: 'utf8',
      env: { ...env, GIT_OPTIONAL_LOCKS: '0' },
      maxBuffer: MAX_OUTPUT_BYTES,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}
