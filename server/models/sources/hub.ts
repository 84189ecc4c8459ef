// The model hub, over https. A host that does not answer fails within seconds; a broken
// transfer goes on where it stopped.

import { appendAll, openPartialAt, partialSize, type SourceTask } from './partial.js';

/** Time for the first answer, and between two pieces of the body. */
const answerMs = 6_000;
const stalledMs = 30_000;
/** A broken transfer is taken up again this often, if each try brought something. */
const tries = 5;

/** The hub's address: HF_ENDPOINT where someone runs a mirror. */
export function hubAddress(): string {
  return (process.env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '');
}

export function hubUrl(repository: string, revision: string, file: string): string {
  return `${hubAddress()}/${repository}/resolve/${revision}/${file}`;
}

/** Completes the partial file from `url`. */
export async function fetchUrl(url: string, task: SourceTask): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await partialSize(task.partial);
    try {
      await fetchOnce(url, before, task);
      return;
    } catch (error) {
      const grew = (await partialSize(task.partial)) > before;
      if (!grew || attempt === tries || task.signal?.aborted) throw error;
    }
  }
}

async function fetchOnce(url: string, start: number, task: SourceTask): Promise<void> {
  const watchdog = new Watchdog(task.signal);
  try {
    watchdog.expect(answerMs, 'no answer');
    const response = await fetch(url, {
      headers: start > 0 ? { range: `bytes=${start}-` } : {},
      signal: watchdog.signal,
    });
    if (response.status === 416 && start === task.bytes) return; // nothing is missing
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    // A server that ignores ranges sends everything again.
    const from = response.status === 206 ? rangeStart(response, start) : 0;
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const total = task.bytes ?? (Number.isFinite(length) ? from + length : undefined);
    const file = await openPartialAt(task.partial, from);
    try {
      const size = await appendAll(file, response.body, from, (done) => {
        watchdog.expect(stalledMs, 'the transfer stalled');
        task.onBytes(done, total);
      });
      if (total !== undefined && size < total) throw new Error('the transfer broke off');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw watchdog.reason ?? error;
  } finally {
    watchdog.stop();
  }
}

function rangeStart(response: Response, wanted: number): number {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (start !== undefined && Number(start) !== wanted) {
    throw new Error(`the server sent bytes from ${start} where ${wanted} was asked for`);
  }
  return wanted;
}

/** Aborts a request that makes no progress, or that its caller gives up. */
class Watchdog {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Set when it was the watchdog that ended the request. */
  reason: Error | undefined;

  constructor(outer: AbortSignal | undefined) {
    const giveUp = (): void => this.#controller.abort(outer?.reason);
    if (outer?.aborted) giveUp();
    outer?.addEventListener('abort', giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something must happen within `ms` from now. */
  expect(ms: number, failure: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.reason = new Error(`${failure} within ${ms / 1000} seconds`);
      this.#controller.abort(this.reason);
    }, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
