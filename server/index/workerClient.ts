// Owns the index worker: one scan at a time, searches at any time. An idle worker does not
// keep the process alive.

import { Worker } from 'node:worker_threads';
import type { LexicalHit } from './lexical.js';
import type {
  FromWorker,
  ScannedFile,
  ScanOutcome,
  ScanRequest,
  ToWorker,
} from './workerMessages.js';

export interface ScanHandlers {
  onPack: (bytes: Uint8Array | undefined) => void;
  /** Files come in order; the next are held back until this resolves. */
  onFiles: (files: ScannedFile[], done: number, total: number) => Promise<void>;
}

interface RunningScan {
  handlers: ScanHandlers;
  /** Deals with the messages of files one after the other. */
  chain: Promise<void>;
  /** Why the owner could not deal with them; the scan is then cancelled. */
  error?: Error;
  resolve: (outcome: ScanOutcome | undefined) => void;
  reject: (error: Error) => void;
}

export class WorkerClient {
  private readonly worker = new Worker(new URL('./worker.js', import.meta.url));
  private running: RunningScan | undefined;
  private saving: ((warning: string | undefined) => void) | undefined;
  private readonly searches = new Map<
    number,
    { resolve: (hits: LexicalHit[]) => void; reject: (error: Error) => void }
  >();
  private nextSearch = 0;
  private waiting = 0;
  private failure: Error | undefined;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (message: FromWorker) => this.receive(message));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('The index of this folder was closed.')));
  }

  /** Undefined when the signal ended it. */
  scan(
    request: ScanRequest,
    handlers: ScanHandlers,
    signal?: AbortSignal,
  ): Promise<ScanOutcome | undefined> {
    const cancel = (): void => this.post({ type: 'cancel' });
    return this.wait<ScanOutcome | undefined>((resolve, reject) => {
      this.running = { handlers, chain: Promise.resolve(), resolve, reject };
      this.post({ type: 'scan', request });
      signal?.addEventListener('abort', cancel, { once: true });
      if (signal?.aborted) {
        cancel();
      }
    }).finally(() => {
      this.running = undefined;
      signal?.removeEventListener('abort', cancel);
    });
  }

  search(query: string, limit: number): Promise<LexicalHit[]> {
    const id = this.nextSearch++;
    return this.wait<LexicalHit[]>((resolve, reject) => {
      this.searches.set(id, { resolve, reject });
      this.post({ type: 'search', id, query, limit });
    });
  }

  /** A sentence when it could not be written. */
  save(pack: Uint8Array): Promise<string | undefined> {
    return this.wait<string | undefined>((resolve) => {
      this.saving = resolve;
      this.post({ type: 'save', pack });
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private async wait<T>(
    start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    if (this.failure) {
      throw this.failure;
    }
    if (this.waiting++ === 0) {
      this.worker.ref();
    }
    try {
      return await new Promise<T>(start);
    } finally {
      if (--this.waiting === 0) {
        this.worker.unref();
      }
    }
  }

  private receive(message: FromWorker): void {
    const running = this.running;
    switch (message.type) {
      case 'hits':
        this.searches.get(message.id)?.resolve(message.hits);
        this.searches.delete(message.id);
        break;
      case 'noHits':
        this.searches.get(message.id)?.reject(new Error(message.message));
        this.searches.delete(message.id);
        break;
      case 'saved':
        this.saving?.(message.warning);
        this.saving = undefined;
        break;
      case 'pack':
        running?.handlers.onPack(message.bytes);
        break;
      case 'files':
        if (running) {
          running.chain = running.chain
            .then(() => running.handlers.onFiles(message.files, message.done, message.total))
            .then(() => this.post({ type: 'ack' }));
          running.chain.catch((error: unknown) => {
            running.error ??= error instanceof Error ? error : new Error(String(error));
            this.post({ type: 'cancel' });
          });
        }
        break;
      case 'scanned':
        running?.resolve(message.outcome);
        break;
      case 'cancelled':
        if (running?.error) {
          running.reject(running.error);
        } else {
          running?.resolve(undefined);
        }
        break;
      case 'failed':
        running?.reject(new Error(message.message));
        break;
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.running?.reject(this.failure);
    this.saving?.(this.failure.message);
    for (const { reject } of this.searches.values()) {
      reject(this.failure);
    }
    this.searches.clear();
  }

  private post(message: ToWorker): void {
    this.worker.postMessage(message);
  }
}
