// Errors of the engine as TypeScript sees them: an Error with a stable `code` and one
// sentence for people (native/include/leoam/status.h has the codes).

import type { EngineError } from './addon.js';

/** Codes that the server itself adds to those of the addon. */
export type ServerErrorCode =
  | 'addon-missing'
  | 'model-missing'
  | 'question-too-long'
  | 'not-read'
  | 'store-too-small'
  | 'nothing-to-read'
  | 'invalid-input';

/** A failure that is the caller's or the machine's, told in one sentence. */
export class LeoError extends Error implements EngineError {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LeoError';
  }
}

export function leoError(code: ServerErrorCode, message: string): LeoError {
  return new LeoError(code, message);
}

export function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && typeof (error as Partial<EngineError>).code === 'string';
}

/** True for the rejection of a job that its caller gave up. */
export function isCancelled(error: unknown): boolean {
  // An AbortSignal's own reason has a number as its code.
  return (
    error instanceof Error &&
    (error.name === 'AbortError' || (isEngineError(error) && error.code === 'cancelled'))
  );
}
