// Reading position of the transcript. It follows the answer only while the reader is at its end;
// else a button leads there.

import { iconButton } from './dom.js';
import type { ScrollPosition } from './saved.js';
import { text } from './text.js';

export interface Scroll {
  /** Leads to the end; shown while the reader is elsewhere. */
  readonly button: HTMLElement;
  /** To be called after more has been drawn. */
  follow(): void;
  toEnd(): void;
  /** Goes there once what was drawn has its size; without a position, to the end. */
  restore(position: ScrollPosition | undefined): void;
}

/** Who is this near to the end is at the end. */
const nearPx = 24;
const savePauseMs = 150;

/** `onMoved` gets the position once it has come to rest. */
export function createScroll(
  box: HTMLElement,
  onMoved: (position: ScrollPosition) => void,
): Scroll {
  let isAtBottom = true;
  let saving: ReturnType<typeof setTimeout> | undefined;
  const button = iconButton('arrow-down', text('scrollDown'), () => {
    toEnd();
    box.focus();
  });
  button.classList.add('to-end');
  button.hidden = true;

  const look = (): void => {
    // Nothing can be said of a page that is not shown.
    if (box.clientHeight > 0) {
      isAtBottom = box.scrollHeight - box.scrollTop - box.clientHeight <= nearPx;
      button.hidden = isAtBottom;
    }
  };
  const toEnd = (): void => {
    box.scrollTop = box.scrollHeight;
    look();
  };
  const follow = (): void => {
    if (isAtBottom) {
      toEnd();
    } else {
      look();
    }
  };
  const save = (): void => {
    if (box.clientHeight > 0) {
      onMoved({ top: box.scrollTop, isAtBottom });
    }
  };

  box.addEventListener('scroll', () => {
    look();
    clearTimeout(saving);
    saving = setTimeout(save, savePauseMs);
  });
  // Who folds something out wants to read it: `toggle` does not bubble.
  box.addEventListener('toggle', look, true);
  new ResizeObserver(follow).observe(box);

  return {
    button,
    follow,
    toEnd,
    restore(position) {
      isAtBottom = position?.isAtBottom ?? true;
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          if (position !== undefined && !position.isAtBottom) {
            box.scrollTop = position.top;
            look();
          } else {
            toEnd();
          }
        }),
      );
    },
  };
}
