// The index worker: everything heavy about a repository that is not the model's. One per
// opened repository; see workerMessages.ts.

import { parentPort } from 'node:worker_threads';
import { Scanner } from './scanner.js';
import type { FromWorker, ScanRequest, ToWorker } from './workerMessages.js';

/** Messages with files that may be under way. */
const MAX_UNACKNOWLEDGED = 2;

if (!parentPort) {
  throw new Error('The index worker runs as a worker thread only.');
}
const port = parentPort;
const scanner = new Scanner();
let cancelled = false;
let unacknowledged = 0;
let wake: (() => void) | undefined;

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'scan':
      void scan(message.request);
      break;
    case 'ack':
      unacknowledged--;
      wake?.();
      break;
    case 'cancel':
      cancelled = true;
      wake?.();
      break;
    case 'search':
      search(message.id, message.query, message.limit);
      break;
    case 'save': {
      const warning = scanner.save(message.pack);
      post(warning === undefined ? { type: 'saved' } : { type: 'saved', warning });
      break;
    }
  }
});

function search(id: number, query: string, limit: number): void {
  try {
    post({ type: 'hits', id, hits: scanner.search(query, limit) });
  } catch (error) {
    post({ type: 'noHits', id, message: messageOf(error) });
  }
}

async function scan(request: ScanRequest): Promise<void> {
  cancelled = false;
  unacknowledged = 0;
  try {
    const outcome = await scanner.scan(request, {
      send: async (files, done, total) => {
        unacknowledged++;
        post({ type: 'files', files, done, total });
        // Also lets searches in between.
        await new Promise((resolve) => setImmediate(resolve));
        await untilAcknowledged(MAX_UNACKNOWLEDGED);
      },
      drain: () => untilAcknowledged(0),
      sendPack: (bytes) => post({ type: 'pack', bytes }),
      cancelled: () => cancelled,
    });
    post(outcome ? { type: 'scanned', outcome } : { type: 'cancelled' });
  } catch (error) {
    post({ type: 'failed', message: messageOf(error) });
    return;
  }
  try {
    scanner.loadedLexical();
  } catch {
    // The first search says it.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function untilAcknowledged(allowed: number): Promise<void> {
  while (unacknowledged > allowed && !cancelled) {
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

function post(message: FromWorker): void {
  port.postMessage(message);
}
