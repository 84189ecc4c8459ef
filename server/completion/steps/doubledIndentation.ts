// A suggestion begins at the cursor, but models like to begin with the whole line: indentation
// that stands before the cursor is not written again.

import { cursorLine, indentWidth, isBlank, linesAbove, linesBelow } from './cursorLine.js';
import { opensBlock } from './indentBlocks.js';
import type { Place, Step } from '../place.js';

export const doubledIndentation: Step = (suggested, place) => {
  const { before } = cursorLine(place);
  const { text } = suggested;
  if (before === '' || !isBlank(before) || !text.startsWith(before)) {
    return suggested;
  }
  const isOnce = fits(indentWidth(text), place);
  const isTwice = fits(indentWidth(before + text), place);
  return isTwice && !isOnce ? suggested : { ...suggested, text: text.slice(before.length) };
};

/** The line may be indented so, by the lines around it. */
function fits(width: number, place: Place): boolean {
  const above = linesAbove(place, 1)[0] ?? '';
  const aboveWidth = indentWidth(above);
  const belowWidth = indentWidth(linesBelow(place, 1)[0] ?? '');
  if (!opensBlock(above, place.languageId)) {
    return width === aboveWidth || width === belowWidth;
  }
  return belowWidth > aboveWidth ? width === belowWidth : width > aboveWidth;
}
