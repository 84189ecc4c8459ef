// The chats of a workspace on disk: one file each, written whole under another name and then
// renamed, so that a crash leaves the old one or the new one.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { interrupted, mentions, storedChat, type StoredChat } from './storedChat.js';
import type { ChatSummary } from '../shared/messages.js';

const writeDelayMs = 300;

export class History implements vscode.Disposable {
  private readonly pending = new Map<string, { chat: StoredChat; timer: NodeJS.Timeout }>();
  /** What is still said about them is not kept. */
  private readonly deleted = new Set<string>();
  /** Writes follow one another. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly keep: () => number,
    private readonly log: Pick<vscode.LogOutputChannel, 'error' | 'warn'>,
  ) {}

  /** Newest first; chats without a question are not kept. */
  async list(query = ''): Promise<ChatSummary[]> {
    const chats = await this.all();
    return chats
      .filter((chat) => mentions(chat, query))
      .map(({ id, title, updated, turns }) => ({ id, title, updated, turns: turns.length }));
  }

  async open(id: string): Promise<StoredChat | undefined> {
    const waiting = this.pending.get(id);
    return waiting?.chat ?? (await this.read(`${id}.json`));
  }

  /** Writes soon. Later calls do not put that off: an answer may be written for minutes. */
  save(chat: StoredChat): void {
    if (this.deleted.has(chat.id)) {
      return;
    }
    const timer =
      this.pending.get(chat.id)?.timer ??
      setTimeout(() => this.writePending(chat.id), writeDelayMs);
    this.pending.set(chat.id, { chat, timer });
  }

  /** For good, also where its answer is still being written. */
  async delete(id: string): Promise<void> {
    this.deleted.add(id);
    await this.remove(id);
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    [...this.pending.keys()].forEach((id) => this.writePending(id));
    await this.writing;
  }

  dispose(): void {
    void this.flush();
  }

  private writePending(id: string): void {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    clearTimeout(waiting?.timer);
    if (waiting !== undefined && waiting.chat.turns.length > 0) {
      const { chat } = waiting;
      this.writing = this.writing
        .then(() => this.write(chat))
        .catch((error: unknown) => this.log.error(`A chat could not be saved: ${String(error)}`));
    }
  }

  private async write(chat: StoredChat): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const part = this.file(`${chat.id}.part`);
    await writeFile(part, JSON.stringify(chat));
    // Node's own: VS Code's deletes the old file first, and a window may be closed in between.
    await rename(part, this.file(`${chat.id}.json`));
  }

  private async all(): Promise<StoredChat[]> {
    await this.flush();
    const names = (await readdir(this.folder).catch((): string[] => [])).filter((name) =>
      name.endsWith('.json'),
    );
    const chats = (await Promise.all(names.map((name) => this.read(name))))
      .filter((chat) => chat !== undefined)
      .sort((a, b) => b.updated - a.updated);
    await Promise.all(chats.slice(this.keep()).map(({ id }) => this.remove(id)));
    return chats.slice(0, this.keep());
  }

  private async remove(id: string): Promise<void> {
    clearTimeout(this.pending.get(id)?.timer);
    this.pending.delete(id);
    await this.writing;
    await rm(this.file(`${id}.json`), { force: true });
  }

  private async read(name: string): Promise<StoredChat | undefined> {
    try {
      const chat = storedChat.parse(JSON.parse(await readFile(this.file(name), 'utf8')));
      return interrupted(chat, vscode.l10n.t('The answer was interrupted.'));
    } catch (error) {
      this.log.warn(`The chat ${name} cannot be read and is left out: ${String(error)}`);
      return undefined;
    }
  }

  private file(name: string): string {
    return join(this.folder, name);
  }
}
