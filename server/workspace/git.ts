// What git knows of a folder: its files, which of them changed, which changed lately. Every
// question answers undefined where git is not installed, refuses or knows nothing.

import { isChanged, parseIndex } from './gitIndex.js';
import { runGit } from './runGit.js';
import { Turns } from './turns.js';

export interface GitFiles {
  /** Tracked and untracked, not ignored; relative to the folder. Nested repositories end with a slash. */
  paths: string[];
  /** Of these, untracked, in conflict, or other than what was last added. */
  modified: Set<string>;
  /** Ignored files and folders, a folder (ending with a slash) standing for all in it. */
  ignored: string[];
}

const RECENT_COMMITS = 100;
/** A commit of more files is an import or a format run and says nothing about use. */
const MAX_FILES_OF_A_CHANGE = 60;

/** Files of a folder inside a work tree; undefined where the folder is not in one or is ignored by it. */
export async function gitFiles(folder: string): Promise<GitFiles | undefined> {
  if ((await runGit(folder, ['rev-parse', '--is-inside-work-tree']))?.trim() !== 'true') {
    return undefined;
  }
  // A package inside an ignored node_modules is a repository of its own to its reader.
  if ((await runGit(folder, ['check-ignore', '-q', '.'])) !== undefined) {
    return undefined;
  }
  const listed = await runGit(folder, [
    ...['ls-files', '-t', '-s', '--debug', '-c', '-o', '--exclude-standard', '-z'],
  ]);
  if (listed === undefined) {
    return undefined;
  }
  const paths = new Set<string>();
  const modified = new Set<string>();
  const turns = new Turns();
  for (const { path, tracked } of parseIndex(listed)) {
    if (turns.areDue) {
      await turns.pass();
    }
    paths.add(path);
    if (tracked === undefined || isChanged(folder, path, tracked)) {
      modified.add(path);
    }
  }
  const ignored = await runGit(folder, [
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
export async function recentlyCommitted(folder: string): Promise<Map<string, number>> {
  const log = await runGit(folder, [
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
