// A suggestion does not close what is closed behind the cursor already: it is cut before the
// bracket or quote that would be there twice.

import { isBlank } from './cursorLine.js';
import { closedBehind, cursorState } from './cursorState.js';
import { lex } from './lexer.js';
import type { Step } from '../place.js';

export const closers: Step = (suggested, place) => {
  const { text, replaced } = suggested;
  const state = cursorState(place);
  const { opened, closed } = lex(text, state.languageId, state.open);
  // What it opens anew takes the place of what it closes, as in "} else {".
  if (closed.length === 0 || opened.length > 0) {
    return suggested;
  }
  const replacedText = place.text.slice(place.offset, place.offset + replaced);
  const done = lex(replacedText, state.languageId, state.open).closed.length;
  const left = { ...state, open: state.open.slice(0, state.open.length - done) };
  const isClosed = closedBehind(place, left, replaced);
  const twice = closed.slice(done).find(({ opening }) => opening && isClosed.has(opening));
  if (!twice) {
    return suggested;
  }
  const kept = text.slice(0, twice.at).trimEnd();
  return isBlank(kept) ? 'repeatsText' : { ...suggested, text: kept };
};
