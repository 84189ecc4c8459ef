// A suggestion ends with the block that the cursor stands in, or that its line opens.

import { endWithin } from '../extent.js';
import type { Step } from '../place.js';

export const blockEnd: Step = (suggested, place) => {
  const end = endWithin(suggested.text, place, 'block');
  return end === undefined ? suggested : { ...suggested, text: suggested.text.slice(0, end) };
};
