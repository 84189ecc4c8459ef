// White space at the end of a suggestion is of no use; one of nothing else is none.

import { isAutoClosed } from '../extent.js';
import { cursorLine, isBlank } from './cursorLine.js';
import type { Step } from '../place.js';

export const trailingSpace: Step = (suggested, place) => {
  const { text } = suggested;
  const { behind } = cursorLine(place);
  const [end = ''] = /\s*$/.exec(text) ?? [];
  // "f(a, |...b)" needs it.
  const parts = /^\S/.test(behind) && !isAutoClosed(behind) && !end.includes('\n');
  if (isBlank(text)) {
    return 'empty';
  }
  return parts ? suggested : { ...suggested, text: text.trimEnd() };
};
