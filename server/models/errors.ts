/** What went wrong with a model file. */
export type ModelErrorCode =
  | 'unknownModel'
  | 'notFound'
  | 'notGguf'
  | 'wrongHash'
  | 'noSpace'
  | 'tooLarge'
  | 'offline'
  | 'unreachable'
  | 'cancelled';

/** A failure whose message is all that a user needs: what is wrong, and what to do. */
export class ModelError extends Error {
  constructor(
    readonly code: ModelErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ModelError';
  }
}

/** The text of anything thrown, in one line; with the cause where `fetch` hides it there. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.replace(/\s+/g, ' ').trim();
}

export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOSPC';
}
