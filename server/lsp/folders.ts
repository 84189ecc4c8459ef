// The workspace folders: each is opened once, read in the background, and followed as its
// files change.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openRepositoryFor, type Assistant } from '../assistant.js';
import {
  readInBackground,
  type BackgroundReading,
  type StoppedReading,
} from '../index/background.js';
import { isEmpty, outdatedPaths } from '../index/changes.js';
import { estimateIndex, indexRepository, type IndexProgress } from '../index/jobs.js';
import { keptFolder } from '../index/keptFiles.js';
import { isBelow, Pins } from '../index/pins.js';
import { storedFiles, type StoredFile } from '../index/storedFiles.js';
import type { FileEntry, RepositoryIndex } from '../index/types.js';
import { pathIn } from './openDocuments.js';

/** A burst of changes, such as a branch switch, is looked at once. */
const settleMs = 150;
/** Where they do not end, as with a file that something writes all the time. */
const mostSettlingMs = 1000;
/** The 0.5B model reads a token in about 10 ms on two cores (ARCHITECTURE.md); larger ones by size. */
const secondsPerTokenAndByte = 0.01 / 4.9e8;
/** Bytes of 8-bit KV over those of F16. */
const storedShareOfF16 = 0.53;

export interface FolderListener {
  /** Reading has come further, or files have changed. */
  onChange(): void;
  /** One sentence for the user. */
  onNote(note: string): void;
  /** Paths, relative to the folder, of which the text is not what it was. */
  onOutdated(paths: string[]): void;
}

/** One workspace folder. */
export class Folder {
  private reading: BackgroundReading | undefined;
  /** Ends the reading of single files. */
  private readingFiles = new AbortController();
  /** One after the other: runs that overlap would compute the same. */
  private filesRead: Promise<void> = Promise.resolve();
  /** Files whose KV was dropped, with their tokens: they are not read by themselves. */
  private readonly dropped = new Map<string, number>();
  private settling: NodeJS.Timeout | undefined;
  /** When the first of them came that was not looked at yet. */
  private changedSince: number | undefined;
  private refreshing: Promise<void> = Promise.resolve();
  private awaitedReading: IndexProgress | undefined;

  private constructor(
    readonly uri: string,
    readonly repository: RepositoryIndex,
    readonly assistant: Assistant,
    private readonly listener: FolderListener,
    private readonly pins: Pins,
  ) {}

  /** Rejects with one sentence when the folder cannot be listed. */
  static async open(
    uri: string,
    assistant: Assistant,
    listener: FolderListener,
    signal?: AbortSignal,
  ): Promise<Folder> {
    const root = fileURLToPath(uri);
    const repository = await openRepositoryFor(
      assistant,
      root,
      signal === undefined ? {} : { signal },
    );
    if (repository.warning !== undefined) {
      listener.onNote(repository.warning);
    }
    const pins = Pins.open(keptFolder(assistant.home, repository.root));
    const folder = new Folder(uri, repository, assistant, listener, pins);
    await folder.applyPins();
    return folder;
  }

  /** 0..1 of the folder's tokens that the store holds. */
  get read(): number {
    const share = this.reading?.state().share;
    // A reading knows nothing of what it is not to read.
    const dropped = [...this.dropped.values()].reduce((sum, tokens) => sum + tokens, 0);
    return share === undefined
      ? this.storedShare()
      : Math.max(0, share - dropped / Math.max(1, this.repository.totalTokens));
  }

  get secondsLeft(): number | undefined {
    return this.reading?.state().secondsLeft;
  }

  get isReading(): boolean {
    return this.reading !== undefined && !this.reading.state().finished;
  }

  get filesDone(): number {
    return this.reading?.state().filesDone ?? 0;
  }

  get filesTotal(): number {
    return this.reading?.state().filesTotal ?? this.repository.files.length;
  }

  /** Why its rest is not read ahead. */
  get stopped(): StoppedReading | undefined {
    return this.reading?.state().stopped;
  }

  /** There is something to read, and it waits for the user's word. */
  get isWaiting(): boolean {
    return this.reading === undefined && this.tokensToRead > 0;
  }

  get tokensToRead(): number {
    return this.estimate((path) => !this.dropped.has(path)).tokensToCompute;
  }

  /** What reading the rest takes, roughly. */
  get cost(): { tokens: number; seconds: number; bytes: number } {
    const { info } = this.assistant.engine;
    const { tokensToCompute, bytes } = this.estimate((path) => !this.dropped.has(path));
    const perToken = (info.weightBytes * secondsPerTokenAndByte * 2) / availableParallelism();
    return { tokens: tokensToCompute, seconds: tokensToCompute * perToken, bytes };
  }

  /** Keys of the segments of these files and of those below these folders. */
  keysBelow(paths: readonly string[]): string[] {
    return this.repository
      .segments()
      .flatMap(({ key, path }) => (paths.some((said) => isBelow(said, path)) ? [key] : []));
  }

  storedFiles(): Promise<StoredFile[]> {
    return storedFiles(this.repository, this.assistant.engine.native, this.pins);
  }

  /** Files and folders that the store keeps whatever its budget, or no longer. */
  async pin(paths: readonly string[], pinned: boolean): Promise<void> {
    this.pins.set(paths, pinned);
    await this.pins.apply(this.repository, this.assistant.engine.native);
    this.listener.onChange();
  }

  /** Reads what the store has lost meanwhile, where this folder is read in the background. */
  readAgain(): void {
    this.reading?.refreshed();
  }

  /** Drops what is stored of these files and of those below these folders, until somebody asks for it. */
  async drop(paths: readonly string[]): Promise<void> {
    this.filesBelow(paths).forEach(({ path, tokens }) => this.dropped.set(path, tokens));
    await this.assistant.engine.native.removeSegments(this.keysBelow(paths));
  }

  /** A question waits until what it rests on is read, what was dropped included; undefined: no more. */
  waitForReading(progress: IndexProgress | undefined): void {
    if (progress !== undefined && this.dropped.size > 0) {
      this.dropped.clear();
      this.readAgain();
    }
    if (progress !== this.awaitedReading) {
      this.awaitedReading = progress;
      this.listener.onChange();
    }
  }

  /** How far the reading is that a question waits for. */
  get awaited(): IndexProgress | undefined {
    return this.awaitedReading;
  }

  /** Reads what the store lacks, what was dropped included. */
  async readAll(): Promise<void> {
    this.dropped.clear();
    await this.stopReading();
    this.startReading();
  }

  /** Reads what the store lacks; again where that had to stop. */
  startReading(): void {
    if (this.stopped !== undefined) {
      this.reading = undefined;
    }
    this.stopReadingFiles(); // they are among what is read now
    this.reading ??= readInBackground({
      index: this.repository,
      engine: this.assistant.engine.native,
      isWanted: (path) => !this.dropped.has(path),
      onChange: () => this.listener.onChange(),
      onNote: (note) => this.listener.onNote(note),
    });
  }

  /**
   * Reads what the store lacks of these files and of those below these folders; where the folder is
   * read anyway, all that it lacks. Tokens that are read from now on.
   */
  readFiles(paths: readonly string[]): number {
    this.filesBelow(paths).forEach(({ path }) => this.dropped.delete(path));
    if (this.reading !== undefined) {
      const tokens = this.tokensToRead; // without what is dropped still
      this.startReading(); // where it had to stop
      this.readAgain();
      return tokens;
    }
    const { native } = this.assistant.engine;
    const isWanted = (path: string): boolean =>
      paths.some((said) => isBelow(said, path)) && !this.dropped.has(path);
    const wanted = this.repository.segments().filter(({ path }) => isWanted(path));
    const stored = native.hasSegments(wanted.map(({ key }) => key));
    const { signal } = this.readingFiles;
    this.filesRead = this.filesRead
      .then(() =>
        indexRepository({
          ...{ index: this.repository, engine: native, isWanted, signal },
          onProgress: () => this.listener.onChange(),
        }),
      )
      .then(({ warnings }) => warnings.forEach((warning) => this.listener.onNote(warning)))
      .catch((error: unknown) =>
        this.listener.onNote(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => this.listener.onChange());
    return wanted.reduce((sum, { tokens }, i) => sum + (stored[i] === 1 ? 0 : tokens.length), 0);
  }

  async stopReading(): Promise<void> {
    this.stopReadingFiles();
    const { reading } = this;
    this.reading = undefined;
    await Promise.all([reading?.stop(), this.filesRead]);
    this.listener.onChange();
  }

  private filesBelow(paths: readonly string[]): FileEntry[] {
    return this.repository.files.filter(({ path }) => paths.some((said) => isBelow(said, path)));
  }

  private stopReadingFiles(): void {
    this.readingFiles.abort();
    this.readingFiles = new AbortController();
  }

  /**
   * Files below the folder were touched (URIs); they are looked at once no more follow. Of folders that are
   * not read, such as what a build writes, nothing is looked at.
   */
  filesChanged(uris: readonly string[]): void {
    const unread = this.repository.skipped.filter(({ path }) => path.endsWith('/'));
    const isUnread = (uri: string): boolean =>
      unread.some(({ path }) => isBelow(path, pathIn(this.uri, uri)));
    if (uris.every(isUnread)) {
      return;
    }
    clearTimeout(this.settling);
    this.changedSince ??= performance.now();
    const most = this.changedSince + mostSettlingMs - performance.now();
    this.settling = setTimeout(() => void this.refresh(), Math.min(settleMs, Math.max(0, most)));
  }

  /** Looks for what has changed; resolves once the index knows. */
  refresh(): Promise<void> {
    clearTimeout(this.settling);
    this.changedSince = undefined;
    this.refreshing = this.refreshing.then(() => this.refreshNow());
    return this.refreshing;
  }

  async close(): Promise<void> {
    clearTimeout(this.settling);
    await this.stopReading();
    await this.refreshing;
    await this.repository.close();
  }

  private async refreshNow(): Promise<void> {
    try {
      const changes = await this.repository.refresh({});
      if (isEmpty(changes)) {
        return;
      }
      this.reading?.refreshed();
      await this.applyPins();
      this.listener.onOutdated(outdatedPaths(changes));
      this.listener.onChange();
    } catch (error) {
      this.listener.onNote(error instanceof Error ? error.message : String(error));
    }
  }

  /** What cannot be pinned can be evicted, which is no reason to work on nothing. */
  private async applyPins(): Promise<void> {
    try {
      await this.pins.apply(this.repository, this.assistant.engine.native);
    } catch (error) {
      this.listener.onNote(error instanceof Error ? error.message : String(error));
    }
  }

  private storedShare(): number {
    const { tokensStored, tokensToCompute } = this.estimate();
    return tokensToCompute === 0 ? 1 : tokensStored / (tokensStored + tokensToCompute);
  }

  /** `isWanted`: files that are to be read; absent: all. */
  private estimate(isWanted?: (path: string) => boolean): ReturnType<typeof estimateIndex> {
    const { native, info } = this.assistant.engine;
    const rates = { kvBytesPerToken: info.kvBytesPerToken * storedShareOfF16 };
    return estimateIndex(this.repository, native, rates, isWanted);
  }
}
