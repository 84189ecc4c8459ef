// Where something is filled in, and what is suggested there.

import type { DropReason } from '../protocol/completion.js';

export interface Place {
  /** The document as it is in the editor. */
  text: string;
  /** Of the cursor, in UTF-16 units. */
  offset: number;
  /** Language id of VS Code. */
  languageId: string;
}

export interface Suggested {
  /** From the cursor on. */
  text: string;
  /** So many UTF-16 units behind the cursor are replaced by the text's end. */
  replaced: number;
}

/** A pure step of post-processing: a better suggestion, or why there is none. */
export type Step = (suggested: Suggested, place: Place) => Suggested | DropReason;
