// The language server as the extension sees it: started at the first need, started again when
// it ends by itself, and given up, with one message, when it keeps ending. Requests and
// notifications are checked against the protocol's schemas.

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { z } from 'zod';
import { chatDidStream } from '../../server/protocol/chat.js';
import type { RequestMethod } from '../../server/protocol/method.js';
import { statusDidChange, type Status } from '../../server/protocol/status.js';
import { serverOptions } from '../settings.js';

type Streamed = z.infer<typeof chatDidStream.params>;

/** A server that ends more often than this in `restartWindowMs` is left alone. */
const maxRestarts = 3;
const restartWindowMs = 3 * 60_000;
const restartDelayMs = 500;
const stopTimeoutMs = 5000;

/** `idle`: not needed yet; `ended`: it ended by itself too often. */
export type ServerState = 'idle' | 'starting' | 'running' | 'ended';

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient> | undefined;
  private readonly ends: number[] = [];
  private restart: NodeJS.Timeout | undefined;
  private currentState: ServerState = 'idle';
  private currentStatus: Status | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly streamed = new vscode.EventEmitter<Streamed>();
  private readonly ended = new vscode.EventEmitter<void>();
  /** The state or the status is another. */
  readonly onDidChange = this.changed.event;
  readonly onDidStream = this.streamed.event;
  /** It ended although nobody wanted it to; what it was answering is lost. */
  readonly onDidEnd = this.ended.event;

  constructor(
    private readonly module: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.currentState;
  }

  /** What the running server told last. */
  get status(): Status | undefined {
    return this.currentStatus;
  }

  /** Starts it where it does not run. Rejects when it cannot be started. */
  start(): Promise<LanguageClient> {
    this.starting ??= this.startNow().catch((error: unknown) => {
      this.starting = undefined;
      this.become('ended');
      throw error;
    });
    return this.starting;
  }

  /** Sends a request of the protocol and checks the answer; starts the server where needed. */
  async request<P extends z.ZodType, R extends z.ZodType>(
    method: RequestMethod<P, R>,
    params: z.infer<P>,
    token?: vscode.CancellationToken,
  ): Promise<z.infer<R>> {
    try {
      const client = await this.start();
      // An absent token would be sent as a second parameter.
      const raw: unknown = await (token === undefined
        ? client.sendRequest(method.name, params)
        : client.sendRequest(method.name, params, token));
      return method.result.parse(raw);
    } catch (error) {
      this.log.warn(`${method.name}: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  /** Ends it, and starts it again where it was in use. */
  async renew(): Promise<void> {
    const wasNeeded = this.currentState !== 'idle';
    this.ends.length = 0;
    await this.stop();
    if (wasNeeded) {
      await this.start();
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.restart);
    const { starting } = this;
    this.starting = undefined;
    const client = await starting?.catch(() => undefined);
    this.client = undefined;
    this.become('idle');
    await client?.stop(stopTimeoutMs).catch((error: unknown) => this.log.warn(String(error)));
    await client?.dispose().catch(() => undefined);
  }

  dispose(): Thenable<void> {
    return this.stop();
  }

  private async startNow(): Promise<LanguageClient> {
    clearTimeout(this.restart);
    this.become('starting');
    // Only now: loading the client takes a multiple of what the rest of the extension takes.
    const { CloseAction, ErrorAction, LanguageClient, State, TransportKind } = await import(
      'vscode-languageclient/node'
    );
    const client = new LanguageClient(
      'leoam',
      'LeoAM',
      { module: this.module, transport: TransportKind.stdio },
      {
        documentSelector: [],
        initializationOptions: serverOptions(),
        outputChannel: this.log,
        synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*') },
        // Restarting, and what is said about it, is decided here.
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
        },
        initializationFailedHandler: () => false,
      },
    );
    client.onNotification(statusDidChange.name, (raw: unknown) => {
      const status = statusDidChange.params.safeParse(raw);
      if (status.success && this.client === client) {
        this.currentStatus = status.data;
        this.changed.fire();
      }
    });
    client.onNotification(chatDidStream.name, (raw: unknown) => {
      const piece = chatDidStream.params.safeParse(raw);
      if (piece.success) {
        this.streamed.fire(piece.data);
      }
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped && this.client === client) {
        this.hasEnded();
      }
    });
    this.client = client;
    await client.start();
    this.become('running');
    return client;
  }

  private hasEnded(): void {
    const now = Date.now();
    this.client = undefined;
    this.starting = undefined;
    this.ends.push(now);
    const recent = this.ends.filter((time) => now - time < restartWindowMs).length;
    this.log.error(`The server ended unexpectedly (${recent} in the last minutes).`);
    if (recent > maxRestarts) {
      this.become('ended');
    } else {
      this.become('starting');
      this.restart = setTimeout(() => void this.start().catch(() => undefined), restartDelayMs);
    }
    this.ended.fire();
  }

  private become(state: ServerState): void {
    this.currentState = state;
    if (state !== 'running') {
      this.currentStatus = undefined;
    }
    this.changed.fire();
  }
}
