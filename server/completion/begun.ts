// What was being written when something newer ended it. Where that one wants the same, because the
// text was typed on or the suggestion before it accepted, this is the best guess at what comes.

import type { Completion } from './completer.js';
import type { Place } from './place.js';

/** The latest piece of writing that was cut short; of all documents one. */
export class Begun {
  private last: { uri: string; before: string; text: string } | undefined;

  /** Remembers it if it was cut short. */
  ended(uri: string, { text, offset }: Place, { reason, completion }: Completion): void {
    if (reason === 'cancelled' && completion !== '') {
      this.last = { uri, before: text.slice(0, offset), text: completion };
    }
  }

  /** What would follow at a place; undefined where something else stands before it. */
  guess(uri: string, { text, offset }: Place): string | undefined {
    const { last } = this;
    const typed = offset - (last?.before.length ?? 0);
    if (last?.uri !== uri || typed < 0 || typed >= last.text.length) {
      return undefined;
    }
    return text.slice(0, offset) === last.before + last.text.slice(0, typed)
      ? last.text.slice(typed)
      : undefined;
  }
}
