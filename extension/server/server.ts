// The language server as the extension sees it: started at the first need, started again when
// it ends by itself, and given up, with one message, when it keeps ending. Requests and
// notifications are checked against the protocol's schemas.

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { z } from 'zod';
import { chatDidStream } from '../../server/protocol/chat.js';
import type { RequestMethod } from '../../server/protocol/method.js';
import { statusDidChange, type Status } from '../../server/protocol/status.js';
import type { InlineCompletionMiddleware } from '../completion/gate.js';
import { serverOptions } from '../settings.js';
import { fileEvents, type FileEvent } from './fileEvents.js';
import { sentenceOf } from './problems.js';

type Streamed = z.infer<typeof chatDidStream.params>;

/** A server that ends more often than this in `restartWindowMs` is left alone. */
const maxRestarts = 3;
const restartWindowMs = 3 * 60_000;
const restartDelayMs = 500;
const stopTimeoutMs = 5000;
/** Of JSON-RPC and LSP; their constants come with the client, which is loaded later. */
const codes = { pendingRejected: -32097, connectionInactive: -32096, cancelled: -32800 };

/** `idle`: not needed yet; `ended`: by itself too often; `failed`: see `problem`. */
export type ServerState = 'idle' | 'starting' | 'running' | 'ended' | 'failed';

export class Server {
  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient> | undefined;
  private readonly ends: number[] = [];
  private stops = 0;
  private restart: NodeJS.Timeout | undefined;
  private currentState: ServerState = 'idle';
  private currentStatus: Status | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly streamed = new vscode.EventEmitter<Streamed>();
  private watching: vscode.Disposable | undefined;
  private startProblem: string | undefined;
  /** The state or the status is another. */
  readonly onDidChange = this.changed.event;
  readonly onDidStream = this.streamed.event;

  constructor(
    private readonly module: string,
    private readonly log: vscode.LogOutputChannel,
    /** Stands before each request for a suggestion. */
    private readonly inlineCompletion: InlineCompletionMiddleware,
  ) {}

  get state(): ServerState {
    return this.currentState;
  }

  /** Why it could not be started. */
  get problem(): string | undefined {
    return this.startProblem;
  }

  /** What the running server told last. */
  get status(): Status | undefined {
    return this.currentStatus;
  }

  /** Starts it where it does not run. Rejects when it cannot be started. */
  start(): Promise<LanguageClient> {
    if (this.starting === undefined) {
      const starting = this.startNow().catch((error: unknown) => {
        this.startProblem = sentenceOf(error);
        if (this.starting === starting) {
          this.starting = undefined;
          this.client = undefined;
          this.become('failed');
        } else {
          this.changed.fire();
        }
        throw error;
      });
      this.starting = starting;
    }
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
      this.log.warn(`${method.name}: ${sentenceOf(error)}`);
      throw worded(error);
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
    // Whoever needs it from here on starts another one.
    this.starting = undefined;
    this.client = undefined;
    this.stops++;
    this.become('idle');
    const client = await starting?.catch(() => undefined);
    await client?.stop(stopTimeoutMs).catch((error: unknown) => this.log.warn(String(error)));
    await client?.dispose().catch(() => undefined);
  }

  private async startNow(): Promise<LanguageClient> {
    const { stops } = this;
    clearTimeout(this.restart);
    this.startProblem = undefined;
    this.become('starting');
    // Only now: loading the client takes a multiple of what the rest of the extension takes.
    const {
      CloseAction,
      ErrorAction,
      LanguageClient,
      RevealOutputChannelOn,
      State,
      TransportKind,
    } = await import('vscode-languageclient/node');
    if (stops !== this.stops) {
      throw new Error(vscode.l10n.t('LeoAM was stopped before it had started.'));
    }
    // One for all servers of this window.
    this.watching ??= fileEvents(vscode.workspace.createFileSystemWatcher('**/*'), (changes) =>
      this.tellTouched(changes),
    );
    const client = new LanguageClient(
      'leoam',
      'LeoAM',
      { module: this.module, transport: TransportKind.stdio },
      {
        // Not by folder: folders come and go, and the gate and the server look at that. New files
        // without a place (untitled) lie in no folder.
        documentSelector: [{ scheme: 'file' }, { scheme: 'vscode-notebook-cell' }],
        middleware: { provideInlineCompletionItems: this.inlineCompletion },
        initializationOptions: serverOptions(),
        outputChannel: this.log,
        // A suggestion that fails is no news to somebody who types; problems are told elsewhere.
        revealOutputChannelOn: RevealOutputChannelOn.Never,
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
    if (this.client === client) {
      this.become('running');
    }
    return client;
  }

  /** A server that is still starting lists all files anew. */
  private tellTouched(changes: FileEvent[]): void {
    if (this.currentState === 'running') {
      this.client
        ?.sendNotification('workspace/didChangeWatchedFiles', { changes })
        .catch((error: unknown) => this.log.warn(String(error)));
    }
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
  }

  private become(state: ServerState): void {
    this.currentState = state;
    if (state !== 'running') {
      this.currentStatus = undefined;
    }
    this.changed.fire();
  }
}

/** What the connection says of a server that is gone, and of what was given up, in our words. */
function worded(error: unknown): unknown {
  switch ((error as { code?: unknown } | null)?.code) {
    case codes.pendingRejected:
    case codes.connectionInactive:
      return new Error(
        vscode.l10n.t('LeoAM ended while it was at work; it starts again by itself. Try again.'),
      );
    case codes.cancelled:
      return new vscode.CancellationError();
    default:
      return error;
  }
}
