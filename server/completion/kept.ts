// Suggestions that still hold: typed into, gone back in, or made ahead of need.

import type { SeenLines } from './stretches.js';

export interface KeptSuggestion {
  uri: string;
  /** The document before and behind the cursor when it was made. */
  before: string;
  behind: string;
  text: string;
  /** So many UTF-16 units behind the cursor are replaced. */
  replaced: number;
  sources: SeenLines[];
  meanLogProbability?: number;
}

const kept = 32;

/** The latest suggestions. */
export class KeptSuggestions {
  private suggestions: KeptSuggestion[] = [];

  add(suggestion: KeptSuggestion): void {
    this.suggestions = [suggestion, ...this.suggestions].slice(0, kept);
  }

  /** Those that rested on a file whose text is not what it was. `paths`: as in their sources. */
  forget(paths: readonly string[]): void {
    this.suggestions = this.suggestions.filter(
      ({ sources }) => !sources.some(({ path }) => paths.includes(path)),
    );
  }

  /** Those of other documents than one that is being written: they know nothing of that. */
  forgetOthers(uri: string): void {
    this.suggestions = this.suggestions.filter((suggestion) => suggestion.uri === uri);
  }

  /**
   * What is left of a suggestion whose start has been typed since; the newest one that fits.
   * Behind the cursor may stand what an editor closes by itself in front of what stood there.
   */
  find(uri: string, before: string, behind: string): KeptSuggestion | undefined {
    for (const suggestion of this.suggestions) {
      const rest = suggestion.uri === uri ? remaining(suggestion, before, behind) : undefined;
      if (rest !== undefined) {
        return rest;
      }
    }
    return undefined;
  }
}

function remaining(
  suggestion: KeptSuggestion,
  before: string,
  behind: string,
): KeptSuggestion | undefined {
  if (!before.startsWith(suggestion.before)) {
    return undefined;
  }
  const typed = before.slice(suggestion.before.length);
  if (!suggestion.text.startsWith(typed) || typed.length === suggestion.text.length) {
    return undefined;
  }
  const text = suggestion.text.slice(typed.length);
  if (behind === suggestion.behind) {
    if (text === behind.slice(0, suggestion.replaced)) {
      return undefined;
    }
    return { ...suggestion, before, behind, text };
  }
  const added = behind.length - suggestion.behind.length;
  const closers = behind.slice(0, Math.max(added, 0));
  const isClosed =
    added > 0 &&
    /^[)\]}"'`]+$/u.test(closers) &&
    behind.slice(added) === suggestion.behind &&
    holdsInOrder(text, closers);
  // What would replace itself shows nothing, and hides what else there is to suggest.
  return isClosed && text !== behind.slice(0, suggestion.replaced + added)
    ? { ...suggestion, before, behind, text, replaced: suggestion.replaced + added }
    : undefined;
}

/** The suggestion writes them itself. */
function holdsInOrder(text: string, closers: string): boolean {
  let at = 0;
  for (const closer of closers) {
    at = text.indexOf(closer, at) + 1;
    if (at === 0) {
      return false;
    }
  }
  return true;
}
