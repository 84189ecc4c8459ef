// What of a repository is pinned: files and folders that the store keeps whatever its budget.
// Pinned is said of paths and holds for what lies below them, new files included; the store is
// told the keys that follow from it, anew after each change of the files.

import type { NativeEngine } from '../engine/addon.js';
import { hasKept, readKept, writeKept } from './keptFiles.js';
import type { RepositoryIndex } from './types.js';

/** Stands for the whole repository; other folders end with a slash, too. */
export const wholeRepository = '/';

interface KeptPins {
  /** What was said of a path; the longest that a file lies below counts. */
  said: [path: string, pinned: boolean][];
  /** What the store was told to pin: of any model, as files were then. */
  keys: string[];
  /** Of these, what it may not have pinned: it failed, or the process ended first. */
  unsure?: string[];
}

const nothing = JSON.stringify({ said: [], keys: [] } satisfies KeptPins);

export class Pins {
  /** Said since it was last kept. */
  private news: { paths: readonly string[]; pinned: boolean }[] = [];
  /** The latest, of those that were asked for. */
  private applying: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private said: Map<string, boolean>,
    private keys: Set<string>,
    private unsure: Set<string>,
    /** What the file holds. */
    private written: string,
  ) {}

  /** As they were kept in `folder` (`keptFolder`), or none. */
  static open(folder: string): Pins {
    const text = readKept(folder, 'pins')?.toString() ?? nothing;
    const { said, keys, unsure } = JSON.parse(text) as KeptPins;
    return new Pins(folder, new Map(said), new Set(keys), new Set(unsure), text);
  }

  has(path: string): boolean {
    let longest = '';
    let pinned = false;
    for (const [said, value] of this.said) {
      if (isBelow(said, path) && said.length > longest.length) {
        longest = said;
        pinned = value;
      }
    }
    return pinned;
  }

  /** Whether the store has pinned all of a file, of which these are the keys. */
  isPinned(path: string, keys: readonly string[]): boolean {
    return this.has(path) && keys.every((key) => this.keys.has(key) && !this.unsure.has(key));
  }

  /** Says it of files or folders; what was said of anything below them before is void. */
  set(paths: readonly string[], pinned: boolean): void {
    this.news.push({ paths, pinned });
    this.say(paths, pinned);
  }

  private say(paths: readonly string[], pinned: boolean): void {
    for (const path of paths) {
      for (const said of [...this.said.keys()]) {
        if (said === path || isBelow(path, said)) {
          this.said.delete(said);
        }
      }
      if (this.has(path) !== pinned) {
        this.said.set(path, pinned);
      }
    }
  }

  /**
   * Tells the store all of it, again what it was told before: it may have failed then. Throws what
   * the file system throws when it cannot be kept; what was said stays said until the next time.
   * One after the other: the last tells what was said last.
   */
  apply(
    index: Pick<RepositoryIndex, 'segments'>,
    engine: Pick<NativeEngine, 'pinSegments'>,
  ): Promise<void> {
    const applied = this.applying.then(() => this.applyNow(index, engine));
    this.applying = applied.catch(() => undefined); // who asked for it hears of it
    return applied;
  }

  private async applyNow(
    index: Pick<RepositoryIndex, 'segments'>,
    engine: Pick<NativeEngine, 'pinSegments'>,
  ): Promise<void> {
    this.readAnew();
    const keys = new Set(
      this.said.size === 0
        ? []
        : index.segments().flatMap(({ key, path }) => (this.has(path) ? [key] : [])),
    );
    const added = [...keys].filter((key) => !this.keys.has(key));
    const gone = [...this.keys].filter((key) => !keys.has(key));
    // Kept first: what is pinned and forgotten would stay for ever. What only goes is told whatever
    // can be kept: who frees a full disk begins with it.
    if (added.length > 0) {
      this.keep(new Set([...this.keys, ...keys]), new Set([...this.unsure, ...added]));
    }
    await engine.pinSegments(gone, false);
    await engine.pinSegments([...keys], true);
    this.keep(keys, new Set());
  }

  /** Another process may have kept something since, or all of it be gone with `leoam cache clear`. */
  private readAnew(): void {
    const kept = readKept(this.folder, 'pins')?.toString();
    if (kept === undefined && hasKept(this.folder, 'pins')) {
      this.written = ''; // damaged: what is known here is the better one
      return;
    }
    const text = kept ?? nothing;
    if (text === this.written) {
      return;
    }
    const { said, keys, unsure } = JSON.parse(text) as KeptPins;
    this.written = text;
    this.said = new Map(said);
    this.news.forEach(({ paths, pinned }) => this.say(paths, pinned));
    this.keys = new Set([...this.keys, ...keys]);
    this.unsure = new Set([...this.unsure, ...(unsure ?? [])]);
  }

  private keep(keys: Set<string>, unsure: Set<string>): void {
    this.keys = keys;
    this.unsure = unsure;
    const kept: KeptPins = {
      said: [...this.said],
      keys: [...keys],
      ...(unsure.size === 0 ? {} : { unsure: [...unsure] }),
    };
    const text = JSON.stringify(kept);
    if (text !== this.written) {
      writeKept(this.folder, 'pins', text);
      this.written = text;
    }
    this.news = [];
  }
}

/** Whether `path`, a file or a folder, is `said` or lies below it, a folder. */
export function isBelow(said: string, path: string): boolean {
  return said === wholeRepository || said === path || (said.endsWith('/') && path.startsWith(said));
}
