// The one object that the rest of the server uses to look at a repository: its files,
// passages, segments and symbols, and the search over them.

import type { OpenOptions, RepositoryIndex } from './types.js';

/**
 * Opens a folder: lists it, cuts and tokenises what the kept index does not know yet.
 * Rejects with one sentence when the folder cannot be read, with the signal's reason when
 * it is aborted.
 */
export async function openRepository(options: OpenOptions): Promise<RepositoryIndex> {
  return Promise.reject(new Error(`Opening ${options.root} is not built yet.`));
}
