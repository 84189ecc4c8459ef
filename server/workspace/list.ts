// Which files of a folder take part, and why the others do not. Names, ignore rules and sizes
// decide here; what a file holds is judged when it is read (content.ts). Runs in the index
// worker, whose searches have their turns in between.

import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { emptyReason, unreadable } from './content.js';
import { gitFiles, recentlyCommitted } from './git.js';
import { IgnoreRules } from './ignoreRules.js';
import { folderReason, nameReason } from './names.js';
import { sortByUse, type OrderHints } from './order.js';
import { Turns } from './turns.js';

export interface ListOptions {
  root: string;
  /** Relative paths of open files, the active one first. */
  openFiles?: readonly string[];
  maxFileBytes?: number | undefined;
}

export interface ListedFile {
  path: string;
  bytes: number;
  mtimeMs: number;
}

export interface Listing {
  /** In order of use. */
  files: ListedFile[];
  skipped: { path: string; reason: string }[];
}

export const DEFAULT_MAX_FILE_BYTES = 1 << 20;

/** Lists a folder. Rejects with one clear sentence when the root itself cannot be read. */
export async function listFiles(options: ListOptions): Promise<Listing> {
  checkRoot(options.root);
  const listing: Listing = { files: [], skipped: [] };
  const hints: OrderHints & { modified: Set<string> } = {
    open: options.openFiles ?? [],
    modified: new Set(),
    committed: new Map(),
  };
  const git = await gitFiles(options.root);
  let paths: string[];
  if (git) {
    for (const path of git.ignored) {
      listing.skipped.push({ path, reason: ignoredReason(path) });
    }
    paths = git.paths;
    hints.modified = git.modified;
    hints.committed = await recentlyCommitted(options.root);
  } else {
    paths = await walk(options.root, gitignoreRules(options.root), listing);
  }
  const lister = new Lister(options, listing);
  await lister.addAll(paths);
  sortByUse(listing.files, hints);
  return listing;
}

function checkRoot(root: string): void {
  let stats: Stats;
  try {
    stats = lstatSync(realpathSync(root));
    readdirSync(root);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const what =
      code === 'ENOENT' ? 'it does not exist' : code === 'ENOTDIR' ? 'it is no folder' : code;
    throw new Error(`Cannot open the folder ${root}: ${what}. Check the path and its permissions.`);
  }
  if (!stats.isDirectory()) {
    throw new Error(`Cannot open ${root}: it is a file. Give the folder that holds it.`);
  }
}

/** Applies what holds for every listed path, whoever listed it. */
class Lister {
  private readonly leoamIgnore: IgnoreRules;
  private readonly maxBytes: number;
  private readonly realRoot: string;
  private readonly vendored = new Set<string>();
  private readonly turns = new Turns();

  constructor(
    private readonly options: ListOptions,
    private readonly listing: Listing,
  ) {
    this.leoamIgnore = new IgnoreRules(options.root, '.leoamignore');
    this.maxBytes = options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES;
    this.realRoot = realpathSync(options.root);
  }

  async addAll(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (this.turns.areDue) {
        await this.turns.pass();
      }
      const folder = this.addFile(path);
      if (folder !== undefined) {
        await this.addNested(folder);
      }
    }
  }

  /** The path instead, without its slash, where it is a folder's. */
  private addFile(path: string): string | undefined {
    const absolute = join(this.options.root, path);
    let stats: Stats;
    try {
      stats = lstatSync(absolute);
    } catch (error) {
      // Deleted but still tracked is no news.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.skip(path, unreadable(error));
      }
      return undefined;
    }
    if (stats.isDirectory()) {
      return path.replace(/\/$/, '');
    }
    const vendored = vendoredFolder(path);
    if (vendored) {
      // One line for the folder, not one for each of its thousands of files.
      if (!this.vendored.has(vendored.folder)) {
        this.vendored.add(vendored.folder);
        this.skip(vendored.folder, vendored.reason);
      }
      return undefined;
    }
    const reason = this.reason(path, absolute, stats);
    if (reason) {
      this.skip(path, reason);
    } else {
      this.listing.files.push({ path, bytes: stats.size, mtimeMs: stats.mtimeMs });
    }
    return undefined;
  }

  /** A submodule or another repository inside this one. */
  private async addNested(path: string): Promise<void> {
    const vendored = vendoredFolder(`${path}/`);
    if (vendored) {
      this.skip(vendored.folder, vendored.reason);
      return;
    }
    const folder = join(this.options.root, path);
    const skipped: Listing['skipped'] = [];
    const git = await gitFiles(folder);
    const nested =
      git?.paths ?? (await walk(folder, gitignoreRules(folder), { files: [], skipped }));
    const ignored = git?.ignored.map((inner) => ({ path: inner, reason: ignoredReason(inner) }));
    for (const { path: inner, reason } of ignored ?? skipped) {
      this.skip(`${path}/${inner}`, reason);
    }
    await this.addAll(nested.map((inner) => `${path}/${inner}`));
  }

  private reason(path: string, absolute: string, stats: Stats): string | undefined {
    if (this.leoamIgnore.ignores(path)) {
      return 'ignored by .leoamignore';
    }
    if (stats.isSymbolicLink()) {
      return this.linkReason(absolute);
    }
    if (!stats.isFile()) {
      return 'not a regular file';
    }
    const named = nameReason(path);
    if (named) {
      return named;
    }
    if (stats.size === 0) {
      return emptyReason;
    }
    return stats.size > this.maxBytes ? `over ${formatBytes(this.maxBytes)}` : undefined;
  }

  /** Links are never followed: their target is either listed itself or outside. */
  private linkReason(absolute: string): string {
    try {
      const target = relative(this.realRoot, realpathSync(absolute));
      const outside = target === '..' || target.startsWith(`..${sep}`);
      return outside ? 'link that leaves the folder' : 'link to another file of the folder';
    } catch (error) {
      return `link that leads nowhere (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
    }
  }

  private skip(path: string, reason: string): void {
    this.listing.skipped.push({ path, reason });
  }
}

/** Every file below, where git cannot say. Ignored and vendored folders are noted and not entered. */
async function walk(root: string, rules: IgnoreRules, listing: Listing): Promise<string[]> {
  const paths: string[] = [];
  const folders = [''];
  const turns = new Turns();
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    if (turns.areDue) {
      await turns.pass();
    }
    let entries;
    try {
      entries = readdirSync(join(root, next), { withFileTypes: true });
    } catch (error) {
      listing.skipped.push({ path: next, reason: unreadable(error) });
      continue;
    }
    for (const entry of entries) {
      const path = `${next}${entry.name}${entry.isDirectory() ? '/' : ''}`;
      const reason = rules.ignoresItself(path)
        ? ignoredReason(path)
        : entry.isDirectory()
          ? folderReason(entry.name)
          : undefined;
      if (reason) {
        listing.skipped.push({ path, reason });
      } else if (entry.isDirectory()) {
        folders.push(path);
      } else {
        paths.push(path);
      }
    }
  }
  return paths;
}

/** `.gitignore` files and, below them in rank, the repository's private exclude file. */
function gitignoreRules(root: string): IgnoreRules {
  let exclude = '';
  try {
    exclude = readFileSync(join(root, '.git', 'info', 'exclude'), 'utf8');
  } catch {
    // No repository, or none of its own.
  }
  return new IgnoreRules(root, '.gitignore', exclude);
}

/** A folder that everybody ignores is better named by what it is. */
function ignoredReason(path: string): string {
  const name = path.endsWith('/') ? path.slice(path.lastIndexOf('/', path.length - 2) + 1, -1) : '';
  return folderReason(name) ?? 'ignored by .gitignore';
}

/** The outermost vendored folder on the way to a path. */
function vendoredFolder(path: string): { folder: string; reason: string } | undefined {
  for (let start = 0, end = path.indexOf('/'); end >= 0; end = path.indexOf('/', start)) {
    const reason = folderReason(path.slice(start, end));
    if (reason) {
      return { folder: path.slice(0, end + 1), reason };
    }
    start = end + 1;
  }
  return undefined;
}

function formatBytes(bytes: number): string {
  return bytes >= 1 << 20
    ? `${+(bytes / (1 << 20)).toFixed(1)} MiB`
    : `${+(bytes / 1024).toFixed(1)} KiB`;
}
