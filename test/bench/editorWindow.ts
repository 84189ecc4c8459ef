// A window of an editor as the language server sees it, for benches: documents that are typed
// in, suggestions that are asked for, a chat that streams. The server is the product's own
// program in a process of its own, which can be made to stand still while others are measured.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CancellationTokenSource,
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-languageserver/node';
import type { z } from 'zod';
import { languageIdOf } from '../../server/completion/languageId.js';
import { chatAsk, chatClose, chatDidStream } from '../../server/protocol/chat.js';
import { completionRecent, type CompletionRecord } from '../../server/protocol/completion.js';
import { indexPause, indexResume } from '../../server/protocol/indexing.js';
import type { RequestMethod } from '../../server/protocol/method.js';
import { statusDidChange, statusGet, type Status } from '../../server/protocol/status.js';
import { projectRoot } from '../quality/load.js';
import type { BenchSession } from './reading.js';
import type { TypingEvent } from './typing.js';

/** A suggestion that was asked for. */
export interface TimedSuggestion {
  record: CompletionRecord;
  /** From sending the request to the result, without the wait for a pause in the typing. */
  totalMs: number;
}

/** LSP: while typing. The server waits for a pause, which is not counted. */
const automatic = 2;

export class EditorWindow {
  private status: Status | undefined;
  private streamed = 0;
  private readonly listeners = new Set<() => void>();
  private readonly documents = new Map<string, { version: number; text: string }>();
  private lastRecord = 0;
  private readonly gone: Promise<never>;
  private readonly killAtExit = (): void => {
    this.child.kill('SIGKILL');
  };

  private constructor(
    private readonly child: ChildProcess,
    readonly connection: MessageConnection,
    readonly folder: string,
  ) {
    process.on('exit', this.killAtExit);
    this.gone = new Promise((_, reject) =>
      child.once('exit', (code) =>
        reject(new Error(`The language server ended (exit code ${String(code)}).`)),
      ),
    );
    this.gone.catch(() => undefined);
    connection.onNotification(statusDidChange.name, (status: unknown) => {
      this.status = statusDidChange.params.parse(status);
      this.heard();
    });
    connection.onNotification(chatDidStream.name, () => {
      this.streamed++;
      this.heard();
    });
    connection.listen();
  }

  /** Starts a server with one folder open. */
  static async open({ home, model, threads }: BenchSession, root: string): Promise<EditorWindow> {
    const child = spawn(process.execPath, [serverPath(), '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const uri = pathToFileURL(root).href;
    const window = new EditorWindow(child, connection, uri);
    await window.send('initialize', {
      processId: process.pid,
      rootUri: uri,
      capabilities: { workspace: { workspaceFolders: true } },
      workspaceFolders: [{ uri, name: path.basename(root) }],
      initializationOptions: { home, model: model.path, threads },
    });
    await connection.sendNotification('initialized', {});
    return window;
  }

  /** Waits until the folders are read. Throws when they will not be. */
  async untilRead(): Promise<void> {
    await this.until(() => {
      const { status } = this;
      if (status?.health === 'error' || status?.detail?.kind === 'readingStopped') {
        throw new Error(status.message);
      }
      const isRead = status?.folders.every(({ read }) => read >= 1) ?? false;
      return isRead && status?.folders.length !== 0 && status?.state === 'ready';
    });
  }

  /** Does to the document what was typed, and asks for a suggestion where the event does. */
  async play(event: TypingEvent): Promise<TimedSuggestion | undefined> {
    const uri = this.uriOf(event.path);
    await this.tell(uri, event);
    if (!event.asks) {
      return undefined;
    }
    const started = performance.now();
    await this.send('textDocument/inlineCompletion', {
      textDocument: { uri },
      position: positionOf(event.text, event.cursor),
      context: { triggerKind: automatic },
    });
    const waitedMs = performance.now() - started;
    const records = await this.call(completionRecent, {});
    const record = records.find(({ id, uri: of }) => id > this.lastRecord && of === uri);
    if (record === undefined) {
      throw new Error(`The server kept no record of the request at ${uri}.`);
    }
    this.lastRecord = Math.max(...records.map(({ id }) => id));
    return { record, totalMs: waitedMs - record.timings.waitMs };
  }

  /** Opens another folder, which the server then reads. */
  async addFolder(root: string): Promise<void> {
    const added = [{ uri: pathToFileURL(root).href, name: path.basename(root) }];
    const count = (this.status?.folders.length ?? 0) + 1;
    await this.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added, removed: [] },
    });
    await this.until(() => this.status?.folders.length === count);
  }

  async read(isOn: boolean): Promise<void> {
    await this.call(isOn ? indexResume : indexPause, {});
  }

  /** Tokens of the open folders that the store holds; ask while nothing is read. */
  async tokensRead(): Promise<number> {
    const { folders } = await this.call(statusGet, {});
    return folders.reduce((sum, { tokens, read }) => sum + tokens * read, 0);
  }

  /** Of the server's process. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Pieces of answers that have come. */
  get pieces(): number {
    return this.streamed;
  }

  /** Answers stream from now on, one after the other, until the returned function is called. */
  async chat(question: string): Promise<() => Promise<void>> {
    const cancelling = new CancellationTokenSource();
    const before = this.streamed;
    const running = this.chatUntil(question, cancelling);
    await Promise.race([this.until(() => this.streamed > before + 1), running]);
    return async () => {
      cancelling.cancel();
      await running;
    };
  }

  /** The server stands still: what it does in spare time must not disturb others. */
  freeze(): void {
    if (process.platform !== 'win32') {
      this.child.kill('SIGSTOP');
    }
  }

  thaw(): void {
    if (process.platform !== 'win32') {
      this.child.kill('SIGCONT');
    }
  }

  async close(): Promise<void> {
    process.off('exit', this.killAtExit);
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      return;
    }
    this.thaw();
    const ended = once(this.child, 'exit');
    await this.send('shutdown').catch(() => this.child.kill('SIGKILL'));
    await this.connection.sendNotification('exit');
    await ended;
    this.connection.dispose();
  }

  private async chatUntil(question: string, { token }: CancellationTokenSource): Promise<void> {
    for (let turn = 1; !token.isCancellationRequested; turn++) {
      const chat = `load ${String(turn)}`;
      const params = { chat, turn: '1', folder: this.folder, question, maxTokens: 2048 };
      await this.send(chatAsk.name, params, token).catch((error: unknown) => {
        if (!token.isCancellationRequested) {
          throw error;
        }
      });
      await this.call(chatClose, { chat });
    }
  }

  /** Of a document that was typed in; undefined for others. */
  textOf(path: string): string | undefined {
    return this.documents.get(this.uriOf(path))?.text;
  }

  private uriOf(path: string): string {
    return `${this.folder}/${encodeURI(path)}`;
  }

  private async tell(uri: string, { change, text }: TypingEvent): Promise<void> {
    const known = this.documents.get(uri);
    const version = (known?.version ?? 0) + 1;
    this.documents.set(uri, { version, text });
    if (known === undefined) {
      const languageId = languageIdOf(uri);
      await this.connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri, languageId, version, text },
      });
      return;
    }
    const range = {
      start: positionOf(known.text, change.start),
      end: positionOf(known.text, change.end),
    };
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range, text: change.text }],
    });
  }

  private async call<P extends z.ZodType, R extends z.ZodType>(
    method: RequestMethod<P, R>,
    params: z.infer<P>,
  ): Promise<z.infer<R>> {
    return method.result.parse(await this.send(method.name, params));
  }

  private send(name: string, ...params: unknown[]): Promise<unknown> {
    return Promise.race([this.connection.sendRequest(name, ...params), this.gone]);
  }

  private async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) {
      const told = new Promise<void>((resolve) => {
        const listener = (): void => {
          this.listeners.delete(listener);
          resolve();
        };
        this.listeners.add(listener);
      });
      await Promise.race([told, this.gone]);
    }
  }

  private heard(): void {
    [...this.listeners].forEach((listener) => listener());
  }
}

/** Line and character, both from 0, of an offset in UTF-16 units. */
function positionOf(text: string, offset: number): { line: number; character: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length - 1, character: offset - start };
}

function serverPath(): string {
  const file = path.join(projectRoot(), 'dist', 'main.js');
  if (!existsSync(file)) {
    throw new Error(`${file} is missing; run "npm run build".`);
  }
  return file;
}
