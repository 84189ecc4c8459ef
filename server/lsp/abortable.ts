/**
 * What the promise gives, or a rejection as soon as the signal is aborted. What it waits for goes
 * on: others may wait for it, too.
 */
export async function abortable<T>(waitsFor: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const gone = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), {
      signal: gone.signal,
      once: true,
    });
  });
  try {
    return await Promise.race([waitsFor, aborted]);
  } finally {
    gone.abort();
  }
}
