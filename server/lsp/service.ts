// What a window asks of the server, on one assistant that is loaded at the first need.

import type { z } from 'zod';
import { askContext, checkNotEmpty, openAssistant, type Assistant } from '../assistant.js';
import { Conversation } from '../chat/conversation.js';
import { leoError } from '../engine/errors.js';
import { homeFolder } from '../models/index.js';
import type { ChatAnswer, chatAsk, chatDidStream } from '../protocol/chat.js';
import type { ServerOptions } from '../protocol/options.js';
import type { Status } from '../protocol/status.js';
import { Folder, type FolderListener } from './folders.js';

type Ask = z.infer<typeof chatAsk.params>;
type Streamed = z.infer<typeof chatDidStream.params>;

export interface ServiceListener {
  /** `status()` has changed. Called often: ask for it no more often than it is shown. */
  onStatusChange(): void;
  onStream(piece: Streamed): void;
  /** One sentence for the log. */
  onNote(note: string): void;
}

/** Tokens of a chat before it starts over with fresh evidence. */
const chatTokens = 12288;
const gib = 1024 ** 3;

interface Chat {
  folder: string;
  conversation: Conversation;
  isAnswering: boolean;
}

export class LeoService {
  private assistant: Promise<Assistant> | undefined;
  private readonly folders = new Map<string, Promise<Folder>>();
  private readonly opened = new Map<string, Folder>();
  private readonly chats = new Map<string, Chat>();
  private readonly closing = new AbortController();
  private answering = 0;
  private isPaused = false;
  private loading: Pick<Status, 'state' | 'message' | 'progress'> | undefined;
  private failure: string | undefined;
  private warning: string | undefined;
  private modelId: string | undefined;

  constructor(
    private readonly options: ServerOptions,
    private readonly listener: ServiceListener,
  ) {}

  /** Opens a workspace folder and starts to read it. The model is loaded first. */
  openFolder(uri: string): Promise<Folder> {
    const known = this.folders.get(uri);
    if (known !== undefined) {
      return known;
    }
    const opening = this.open(uri);
    this.folders.set(uri, opening);
    opening.catch(() => this.folders.delete(uri));
    return opening;
  }

  async closeFolder(uri: string): Promise<void> {
    const folder = await this.folders.get(uri)?.catch(() => undefined);
    this.folders.delete(uri);
    this.opened.delete(uri);
    for (const [name, chat] of this.chats) {
      if (chat.folder === uri) {
        this.closeChat(name);
      }
    }
    await folder?.close();
    this.changed();
  }

  /** URIs of files that were made, changed or removed. */
  filesChanged(uris: readonly string[]): void {
    for (const folder of this.opened.values()) {
      if (uris.some((uri) => uri.startsWith(`${folder.uri}/`))) {
        folder.filesChanged();
      }
    }
  }

  async ask(request: Ask, signal: AbortSignal): Promise<ChatAnswer> {
    const folder = await this.openFolder(request.folder);
    checkNotEmpty(folder.repository);
    await folder.refresh();
    const chat = await this.chatOf(request, folder);
    if (chat.isAnswering) {
      throw leoError('invalid-input', 'This chat is still answering: stop it or wait.');
    }
    chat.isAnswering = true;
    let sequence = 0;
    const stream = (event: Streamed['event']): void =>
      this.listener.onStream({
        chat: request.chat,
        turn: request.turn,
        sequence: sequence++,
        event,
      });
    this.answering++;
    this.changed();
    try {
      return await chat.conversation.ask({
        question: request.question,
        mode: 'leoam',
        ...(request.maxTokens === undefined ? {} : { maxTokens: request.maxTokens }),
        signal: AbortSignal.any([signal, this.closing.signal]),
        onSources: (chosen) => stream({ type: 'sources', sources: chosen }),
        onText: (text) => stream({ type: 'text', text }),
        onWarning: (message) => stream({ type: 'warning', message }),
      });
    } finally {
      chat.isAnswering = false;
      this.answering--;
      this.changed();
    }
  }

  closeChat(name: string): void {
    this.chats.get(name)?.conversation.dispose();
    this.chats.delete(name);
  }

  async pause(): Promise<void> {
    this.isPaused = true;
    await Promise.all([...this.opened.values()].map((folder) => folder.stopReading()));
    this.changed();
  }

  resume(): void {
    this.isPaused = false;
    this.opened.forEach((folder) => this.startReading(folder));
    this.changed();
  }

  status(): Status {
    return {
      ...this.state(),
      ...(this.modelId === undefined ? {} : { model: this.modelId }),
      folders: [...this.opened.values()].map(({ uri, repository, read }) => ({
        uri,
        files: repository.files.length,
        tokens: repository.totalTokens,
        read,
      })),
    };
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.chats.forEach(({ conversation }) => conversation.dispose());
    this.chats.clear();
    await Promise.all([...this.folders.keys()].map((uri) => this.closeFolder(uri)));
    await this.assistant?.then(
      (assistant) => assistant.dispose(),
      () => undefined,
    );
  }

  private async open(uri: string): Promise<Folder> {
    const assistant = await this.load();
    const listener: FolderListener = {
      onChange: () => this.changed(),
      onNote: (note) => this.listener.onNote(note),
      onOutdated: (paths) => this.forget(uri, paths),
    };
    const folder = await Folder.open(uri, assistant, listener, this.closing.signal);
    this.opened.set(uri, folder);
    this.startReading(folder);
    this.changed();
    return folder;
  }

  private startReading(folder: Folder): void {
    if (!this.isPaused && this.options.readInBackground !== false) {
      folder.startReading();
    }
  }

  /** A chat that holds text of an edited file starts over at its next question. */
  private forget(uri: string, paths: readonly string[]): void {
    for (const { folder, conversation } of this.chats.values()) {
      if (folder === uri) {
        conversation.forgetOutdated(paths);
      }
    }
  }

  private async chatOf(request: Ask, folder: Folder): Promise<Chat> {
    const known = this.chats.get(request.chat);
    if (known?.folder === folder.uri) {
      return known;
    }
    this.closeChat(request.chat);
    const context = askContext(await this.load(), folder.repository);
    const conversation = new Conversation(context, chatTokens);
    const chat = { folder: folder.uri, conversation, isAnswering: false };
    this.chats.set(request.chat, chat);
    return chat;
  }

  private load(): Promise<Assistant> {
    this.assistant ??= this.loadNow().catch((error: unknown) => {
      this.assistant = undefined; // the next request tries again
      this.failure = error instanceof Error ? error.message : String(error);
      this.loading = undefined;
      this.changed();
      throw error;
    });
    return this.assistant;
  }

  private async loadNow(): Promise<Assistant> {
    const { home, model, threads, storeBudgetGib } = this.options;
    this.failure = undefined;
    this.loading = { state: 'loading', message: 'Loading the model.' };
    this.changed();
    const assistant = await openAssistant({
      home: homeFolder(home),
      signal: this.closing.signal,
      onModelProgress: (done, total) => {
        this.loading = {
          state: 'downloading',
          message: 'Fetching the model.',
          progress: total > 0 ? Math.min(1, done / total) : 0,
        };
        this.changed();
      },
      onNote: (note) => {
        this.warning = note;
        this.listener.onNote(note);
      },
      ...(model === undefined ? {} : { model }),
      ...(threads === undefined ? {} : { threads }),
      ...(storeBudgetGib === undefined
        ? {}
        : { storeBudgetBytes: Math.round(storeBudgetGib * gib) }),
    });
    this.loading = undefined;
    this.modelId = assistant.engine.model.id;
    this.changed();
    return assistant;
  }

  private state(): Pick<Status, 'state' | 'health' | 'message' | 'progress' | 'secondsLeft'> {
    if (this.failure !== undefined) {
      return { state: 'error', health: 'error', message: this.failure };
    }
    if (this.loading !== undefined) {
      return { health: 'ok', ...this.loading };
    }
    const health = this.warning === undefined ? 'ok' : 'warning';
    if (this.answering > 0) {
      return { state: 'answering', health, message: 'Answering.' };
    }
    if (this.folders.size > this.opened.size) {
      return { state: 'loading', health, message: 'Listing the files of the folder.' };
    }
    if (this.opened.size === 0) {
      return { state: 'noFolder', health, message: 'No folder is open.' };
    }
    if (this.isPaused) {
      return { state: 'paused', health, message: 'Reading is paused.' };
    }
    const reading = [...this.opened.values()].filter((folder) => folder.isReading);
    if (reading.length > 0) {
      const seconds = reading.reduce((sum, { secondsLeft }) => sum + (secondsLeft ?? 0), 0);
      const share = Math.min(...reading.map(({ read }) => read));
      return {
        state: 'indexing',
        health,
        message: 'Reading the folder.',
        progress: share,
        ...(seconds > 0 ? { secondsLeft: seconds } : {}),
      };
    }
    return { state: 'ready', health, message: this.warning ?? 'Ready.' };
  }

  private changed(): void {
    this.listener.onStatusChange();
  }
}
