// What a look at the folder has found to be different.

import type { Changes } from './types.js';

export function isEmpty({ added, changed, removed, renamed }: Changes): boolean {
  return added.length + changed.length + removed.length + renamed.length === 0;
}

/** Paths of which an earlier text is wrong now. */
export function outdatedPaths({ changed, removed, renamed }: Changes): string[] {
  return [...changed, ...removed, ...renamed.map(({ from }) => from)];
}
