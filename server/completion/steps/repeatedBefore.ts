// What stands right before the cursor is not suggested once more.

import { cursorLine, isBlank, isTelling, linesAbove } from './cursorLine.js';
import type { Step } from '../place.js';

export const repeatedBefore: Step = (suggested, place) => {
  const { before } = cursorLine(place);
  const written = `${before}${suggested.text}`.split('\n').filter((line) => !isBlank(line));
  // One line that was begun by hand is wanted.
  if (!written.some(isTelling) || (written.length < 2 && !isBlank(before))) {
    return suggested;
  }
  const above = linesAbove(place, written.length);
  const isSame =
    above.length === written.length && written.every((line, i) => line.trimEnd() === above[i]);
  return isSame ? 'repeatsText' : suggested;
};
