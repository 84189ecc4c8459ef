// What a window asks of the server, on one assistant that is loaded at the first need.

import { askContext, checkNotEmpty, type Assistant } from '../assistant.js';
import type { Prepared } from '../chat/conversation.js';
import { commitMessage, rewrite } from '../chat/rewrite.js';
import { leoError } from '../engine/errors.js';
import { findPaths, type FoundPath } from '../index/find.js';
import { chooseModel, hardware, listModels, removeModel } from '../models/index.js';
import type { ChatAnswer } from '../protocol/chat.js';
import type { DropReason } from '../protocol/completion.js';
import type { ModelInfo } from '../protocol/models.js';
import type { ServerOptions } from '../protocol/options.js';
import type { Status } from '../protocol/status.js';
import { abortable } from './abortable.js';
import { Chats, type Ask, type Streamed, type Written } from './chats.js';
import { Completions } from './completions.js';
import { Folder, type FolderListener } from './folders.js';
import { Loading } from './loading.js';
import { isIn } from './openDocuments.js';
import { statusOf } from './statusOf.js';
import { Tiers } from './tiers.js';

export interface ServiceListener {
  /** `status()` has changed. Called often: ask for it no more often than it is shown. */
  onStatusChange(): void;
  onStream(piece: Streamed): void;
  /** One sentence for the log. */
  onNote(note: string): void;
}

export class LeoService {
  private readonly loading: Loading;
  private readonly chats: Chats;
  /** What is filled in at cursors. */
  readonly completions: Completions;
  /** Where what was read lies. */
  readonly tiers: Tiers;
  private readonly folders = new Map<string, Promise<Folder>>();
  private readonly opened = new Map<string, Folder>();
  private readonly wanted = new Set<string>();
  /** Why a folder could not be opened. */
  private readonly failed = new Map<string, string>();
  private readonly closing = new AbortController();
  private answering = 0;
  private isPaused = false;

  constructor(
    private readonly options: ServerOptions,
    private readonly listener: ServiceListener,
  ) {
    this.chats = new Chats(options, (piece) => listener.onStream(piece));
    this.completions = new Completions({ folderOf: (uri) => this.folderOf(uri) });
    this.tiers = new Tiers({
      assistant: () => this.loading.get(),
      folder: (uri) => this.folder(uri),
      openFolders: () => [...this.opened.values()],
      allFolders: () => this.allFolders(),
      loaded: () => this.loading.loaded(),
      keepBudget: (bytes) => (this.loading.storeBudgetBytes = bytes),
      home: () => this.loading.home,
    });
    this.loading = new Loading(
      options,
      { onChange: () => this.changed(), onNote: (note) => listener.onNote(note) },
      this.closing.signal,
    );
  }

  /** Opens a workspace folder and starts to read it. The model is loaded first. */
  openFolder(uri: string): Promise<Folder> {
    this.wanted.add(uri);
    const known = this.folders.get(uri);
    if (known !== undefined) {
      return known;
    }
    const opening = this.open(uri);
    this.folders.set(uri, opening);
    opening.then(
      () => this.failed.delete(uri),
      (error: unknown) => {
        this.folders.delete(uri);
        this.failed.set(uri, error instanceof Error ? error.message : String(error));
        this.changed();
      },
    );
    return opening;
  }

  /** One of the window's folders, opened; rejects with one sentence where it has left the window. */
  async folder(uri: string): Promise<Folder> {
    if (!this.wanted.has(uri)) {
      const name = decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
      throw leoError(
        'invalid-input',
        `${name} is not open in this window: add the folder to ask about it.`,
      );
    }
    return this.openFolder(uri);
  }

  async closeFolder(uri: string): Promise<void> {
    this.wanted.delete(uri);
    this.failed.delete(uri);
    const folder = await this.folders.get(uri)?.catch(() => undefined);
    if (this.wanted.has(uri)) {
      return; // it was added again while it was being opened
    }
    this.folders.delete(uri);
    this.opened.delete(uri);
    this.chats.closeAll(uri);
    await this.completions.closeFolder(uri);
    await folder?.close();
    this.changed();
  }

  /** URIs of files that were made, changed or removed. */
  filesChanged(uris: readonly string[]): void {
    for (const folder of this.opened.values()) {
      folder.filesChanged(uris.filter((uri) => isIn(folder.uri, uri)));
    }
  }

  ask(request: Ask, signal: AbortSignal): Promise<ChatAnswer> {
    return this.answer(request.folder, signal, async (folder, assistant, until) => {
      const answer = await this.chats.ask(request, folder, assistant, until);
      this.tiers.answered(answer);
      return answer;
    });
  }

  /** See leoam/chat/prepare; nothing is opened or loaded for it. */
  async prepare(request: Written, signal: AbortSignal): Promise<Prepared | null> {
    const folder = this.opened.get(request.folder);
    if (folder === undefined || folder.repository.totalTokens === 0) {
      return null;
    }
    const assistant = await this.loading.get();
    return (await this.chats.prepare(request, folder, assistant, signal)) ?? null;
  }

  /** Rewrites quoted lines; see leoam/chat/rewrite. */
  rewrite(
    request: { folder: string } & Parameters<typeof rewrite>[1],
    signal: AbortSignal,
  ): Promise<string> {
    return this.answer(request.folder, signal, (folder, assistant, until) =>
      rewrite(askContext(assistant, folder.repository), request, until),
    );
  }

  commitMessage(request: { folder: string; diff: string }, signal: AbortSignal): Promise<string> {
    return this.answer(request.folder, signal, (folder, assistant, until) =>
      commitMessage(askContext(assistant, folder.repository), request.diff, until),
    );
  }

  async countTokens(text: string): Promise<number> {
    const { engine } = await this.loading.get();
    const [tokens] = await engine.tokenize([text], false);
    return tokens?.length ?? 0;
  }

  async find(uri: string, query: string, limit: number): Promise<FoundPath[]> {
    return findPaths((await this.folder(uri)).repository, query, limit);
  }

  closeChat(name: string): void {
    this.chats.close(name);
  }

  async pause(): Promise<void> {
    this.isPaused = true;
    await Promise.all([...this.opened.values()].map((folder) => folder.stopReading()));
    this.changed();
  }

  /** Goes on reading, large folders included. */
  resume(): void {
    this.isPaused = false;
    for (const folder of this.opened.values()) {
      folder.startReading();
    }
    this.reopen();
    this.changed();
  }

  /** Looks for changes, and reads what is missing although the folder is large. */
  async refresh(uri: string): Promise<void> {
    const folder = await this.folder(uri);
    this.isPaused = false;
    await folder.refresh();
    await folder.readAll();
  }

  async models(): Promise<ModelInfo[]> {
    const machine = await hardware(this.loading.home);
    const recommended = chooseModel(machine).model.id;
    const listed = await listModels(this.loading.home);
    return listed
      .filter(({ model }) => !model.testOnly)
      .map(({ model, state, bytesOnDisk }) => ({
        id: model.id,
        name: model.name,
        state,
        bytesOnDisk,
        licence: model.licence,
        memoryBytes: model.memoryBytes,
        fits: machine.memoryFreeBytes >= model.memoryBytes,
        isRecommended: model.id === recommended,
        ...(model.bytes === undefined ? {} : { bytes: model.bytes }),
      }));
  }

  /** Fetches a model, and opens what waited for one. */
  async fetchModel(
    id: string | undefined,
    signal: AbortSignal,
    onProgress: (share: number, message: string) => void,
  ): Promise<string> {
    const fetched = await this.loading.fetch(id, signal, onProgress);
    this.reopen();
    return fetched;
  }

  async removeModel(id: string): Promise<number> {
    if (id === this.loading.modelId) {
      throw leoError('invalid-input', 'This model is in use: choose another one first.');
    }
    return removeModel(this.loading.home, id);
  }

  status(): Status {
    return statusOf({
      loading: this.loading,
      answering: this.answering,
      isPaused: this.isPaused,
      isOpening: this.folders.size > this.opened.size,
      failed: [...this.failed.values()],
      folders: [...this.opened.values()],
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.chats.closeAll();
    await this.completions.close();
    await Promise.all([...this.folders.keys()].map((uri) => this.closeFolder(uri)));
    await this.loading.dispose();
  }

  /** Runs something that takes the engine, on the folder as its files are now. */
  private async answer<T>(
    uri: string,
    signal: AbortSignal,
    run: (folder: Folder, assistant: Assistant, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const until = AbortSignal.any([signal, this.closing.signal]);
    const folder = await abortable(this.folder(uri), until);
    checkNotEmpty(folder.repository);
    await abortable(folder.refresh(), until);
    const assistant = await abortable(this.loading.get(), until);
    this.answering++;
    this.changed();
    try {
      return await run(folder, assistant, until);
    } finally {
      this.answering--;
      this.changed();
    }
  }

  private folderOf(uri: string): Folder | DropReason {
    const isBelow = (folder: string): boolean => uri.startsWith(`${folder}/`);
    const [nearest] = [...this.wanted].filter(isBelow).sort((a, b) => b.length - a.length);
    if (nearest === undefined) {
      return 'outsideFolder';
    }
    return this.opened.get(nearest) ?? 'notReady';
  }

  private async open(uri: string): Promise<Folder> {
    const assistant = await this.loading.get();
    const listener: FolderListener = {
      onChange: () => this.changed(),
      onNote: (note) => this.listener.onNote(note),
      onOutdated: (paths) => {
        this.chats.forget(uri, paths);
        this.completions.outdated(uri, paths);
      },
    };
    const folder = await Folder.open(uri, assistant, listener, this.closing.signal);
    this.opened.set(uri, folder);
    this.startReading(folder);
    this.changed();
    return folder;
  }

  /** Those as well that are being opened. */
  private async allFolders(): Promise<Folder[]> {
    const opening = await Promise.allSettled(this.folders.values());
    return opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  /** Opens again what could not be opened. */
  private reopen(): void {
    for (const uri of this.wanted) {
      this.openFolder(uri).catch((error: unknown) => this.listener.onNote(String(error)));
    }
  }

  /** What is read without being asked for. */
  private startReading(folder: Folder): void {
    const { readInBackground, askAboveTokens = Infinity } = this.options;
    const isSmall = folder.tokensToRead <= askAboveTokens;
    if (!this.isPaused && readInBackground !== false && isSmall) {
      folder.startReading();
    }
  }

  private changed(): void {
    this.listener.onStatusChange();
  }
}
