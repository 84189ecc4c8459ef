// Lines end with "\n" while the steps look at them, and with what the document has in the end.

import type { Step } from '../place.js';

/** A model that has read "\r\n" writes it; a stop at "\n" leaves its first half. */
export const plainLineEnds: Step = (suggested) => ({
  ...suggested,
  text: suggested.text.replaceAll('\r', ''),
});

export const documentLineEnds: Step = (suggested, { text }) =>
  text.includes('\r\n')
    ? { ...suggested, text: suggested.text.replace(/\r?\n/g, '\r\n') }
    : suggested;
