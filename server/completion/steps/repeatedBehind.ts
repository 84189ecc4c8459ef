// A model that does not know where to stop writes on into the text behind the cursor: its
// suggestion is cut where that begins.

import { cursorLine, indentWidth, isBlank, isTelling, linesBelow } from './cursorLine.js';
import { cursorState } from './cursorState.js';
import { lex } from './lexer.js';
import type { Place, Step } from '../place.js';

export const repeatedBehind: Step = (suggested, place) => {
  const { text } = suggested;
  if (isBlank(text)) {
    return suggested;
  }
  const { before } = cursorLine(place);
  const lines = text.split('\n');
  const below = linesBelow(place, lines.length);
  if (standsBelow([text, before + text], below)) {
    return 'repeatsText';
  }
  for (let i = 1; i < lines.length; i++) {
    if (!isRepeated(lines.slice(i), below) || !mayEndAt(lines, i, place)) {
      continue;
    }
    const kept = lines.slice(0, i).join('\n');
    return isBlank(kept) ? 'repeatsText' : { ...suggested, text: kept };
  }
  return suggested;
};

/** One of the texts is what the next lines say. */
function standsBelow(texts: readonly string[], below: readonly string[]): boolean {
  return texts.some((text) => {
    const lines = filled(text.split('\n'));
    return (
      lines.some(isTelling) &&
      lines.length <= below.length &&
      lines.every((line, i) => line.trim() === below[i]?.trim())
    );
  });
}

/**
 * The lines follow below, indented alike: a bracket with another indentation is another one. The
 * last of them may have been broken off.
 */
function isRepeated(lines: readonly string[], below: readonly string[]): boolean {
  const tail = filled(lines);
  return (
    tail.length > 0 &&
    tail.length <= below.length &&
    tail.every((line, i) => {
      const other = below[i] ?? '';
      const mayBreakOff = i === tail.length - 1 && (i > 0 || isTelling(line));
      const isSame =
        line.trim() === other.trim() || (mayBreakOff && other.trim().startsWith(line.trim()));
      return isSame && indentWidth(line) === indentWidth(other);
    })
  );
}

/** A tail that begins with brackets is the suggestion's own where it opened them itself. */
function mayEndAt(lines: readonly string[], i: number, place: Place): boolean {
  const first = filled(lines.slice(i))[0] ?? '';
  if (isTelling(first)) {
    return true;
  }
  const { open, languageId } = cursorState(place);
  const { opened, closed } = lex(lines.slice(0, i).join('\n'), languageId, open);
  return opened.length <= closed.length;
}

function filled(lines: readonly string[]): string[] {
  return lines.filter((line) => !isBlank(line));
}
