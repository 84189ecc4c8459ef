// Says to screen readers what sighted users see happen. An answer is not read out token by
// token; that it is finished is said once.

import { element } from './dom.js';

/** Long enough for a screen reader to notice that the region was emptied in between. */
const pauseMs = 60;

let region: HTMLElement | undefined;

/** Has a sentence read out when the screen reader has nothing better to do. */
export function announce(sentence: string): void {
  region ??= addRegion();
  const target = region;
  target.textContent = '';
  setTimeout(() => {
    target.textContent = sentence;
  }, pauseMs);
}

function addRegion(): HTMLElement {
  const made = element('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  document.body.append(made);
  return made;
}
