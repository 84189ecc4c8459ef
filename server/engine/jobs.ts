// Jobs of the engine thread: what each kind of request comes before, and their end by an AbortSignal.

import type { Job, Priority } from './addon.js';

/** What a request is for; decides its priority. */
export type RequestClass = 'completion' | 'chat' | 'prepare' | 'index';

export const priorities: Record<RequestClass, Priority> = {
  completion: 'completion',
  chat: 'chat',
  prepare: 'prepare',
  index: 'index',
};

/** Waits for a job and cancels it when the signal fires; the promise then rejects with code "cancelled". */
export async function runJob<T>(job: Job<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) {
    return job.promise;
  }
  const cancel = (): void => job.cancel();
  if (signal.aborted) {
    cancel();
  }
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await job.promise;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
