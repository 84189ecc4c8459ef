// The language server in a process of its own, spoken to as a window does.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type CancellationToken,
  type MessageConnection,
} from 'vscode-languageserver/node';
import { chatDidStream, type chatAsk, type ChatAnswer } from '../../server/protocol/chat.js';
import { statusDidChange, type Status } from '../../server/protocol/status.js';
import type { z } from 'zod';
import { smallModel } from './setup.js';

type Ask = z.infer<typeof chatAsk.params>;
type Streamed = z.infer<typeof chatDidStream.params>;

const main = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'server', 'main.js');

export class Window {
  /** Every status that was told, the latest last. */
  readonly statuses: Status[] = [];
  readonly streamed: Streamed[] = [];
  private readonly listeners = new Set<() => void>();

  private constructor(
    readonly process: ChildProcess,
    readonly connection: MessageConnection,
    readonly folder: string,
  ) {
    connection.onNotification(statusDidChange.name, (status: unknown) => {
      this.statuses.push(statusDidChange.params.parse(status));
      this.heard();
    });
    connection.onNotification(chatDidStream.name, (piece: unknown) => {
      this.streamed.push(chatDidStream.params.parse(piece));
      this.heard();
    });
    connection.listen();
  }

  /** Starts a server with a folder open; `wrap`: a command that runs what is put behind it. */
  static async open(
    root: string,
    home: string,
    options: object = {},
    wrap: readonly string[] = [],
  ): Promise<Window> {
    const [program = '', ...args] = [...wrap, process.execPath, main, '--stdio'];
    const server = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const connection = createMessageConnection(
      new StreamMessageReader(server.stdout),
      new StreamMessageWriter(server.stdin),
    );
    const uri = pathToFileURL(root).href;
    const window = new Window(server, connection, uri);
    try {
      await connection.sendRequest('initialize', {
        processId: process.pid,
        rootUri: uri,
        capabilities: { workspace: { workspaceFolders: true } },
        workspaceFolders: [{ uri, name: 'test' }],
        initializationOptions: { home, model: smallModel, threads: 2, ...options },
      });
      await connection.sendNotification('initialized', {});
    } catch (error) {
      server.kill();
      throw error;
    }
    return window;
  }

  ask(
    question: string,
    { chat = 'a', turn = '1', maxTokens = 24, ...more }: Partial<Ask> = {},
    token?: CancellationToken,
  ): Promise<ChatAnswer> {
    const params = { chat, turn, folder: this.folder, question, maxTokens, ...more };
    return token === undefined
      ? this.connection.sendRequest('leoam/chat/ask', params)
      : this.connection.sendRequest('leoam/chat/ask', params, token);
  }

  /** Waits until something that was told is as wanted. */
  async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) {
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.listeners.delete(listener);
          resolve();
        };
        this.listeners.add(listener);
      });
    }
  }

  changed(path: string): Promise<void> {
    const changes = [{ uri: `${this.folder}/${path}`, type: 2 }];
    return this.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) {
      return;
    }
    const ended = once(this.process, 'exit');
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    await ended;
    this.connection.dispose();
  }

  private heard(): void {
    [...this.listeners].forEach((listener) => listener());
  }
}
