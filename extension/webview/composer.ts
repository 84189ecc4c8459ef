// Where the next question is written: what stands beside it, the text, and the button that sends
// it or stops the answer.

import type { Chip } from '../shared/messages.js';
import type { Post } from './api.js';
import { createChipRow } from './chips.js';
import { element, icon, iconButton, setLabel } from './dom.js';
import { createMentions, type Suggestion } from './mentions.js';
import { text } from './text.js';
import { createWriting } from './writing.js';

export interface Composer {
  readonly element: HTMLElement;
  setChips(chips: readonly Chip[]): void;
  setAnswering(isAnswering: boolean): void;
  setSuggestions(query: string, items: readonly Suggestion[]): void;
  /** With `replacement`, that is what stands there afterwards. */
  focus(replacement?: string): void;
}

export interface ComposerOptions {
  readonly draft: string;
  readonly post: Post;
  onDraft(draft: string): void;
  ask(question: string): void;
  lastQuestion(): string | undefined;
}

/** Of the height of the view. */
const maxHeightShare = 0.4;

export function createComposer(options: ComposerOptions): Composer {
  const { post } = options;
  const chips = createChipRow((id) => post({ type: 'removeChip', id }));
  const box = element('textarea', {
    class: 'question-box',
    rows: '1',
    maxlength: '100000',
    placeholder: text('placeholder'),
    'aria-label': text('question'),
  });
  const addOpenEditors = iconButton('files', text('addOpenEditors'), () => {
    post({ type: 'addOpenEditors' });
    box.focus();
  });
  const button = element('button', { type: 'button', class: 'icon-button' });
  const mentions = createMentions(box, post);
  const writing = createWriting(post);
  let isAnswering = false;

  const showButton = (): void => {
    setLabel(button, isAnswering ? text('stop') : text('send'));
    button.replaceChildren(icon(isAnswering ? 'debug-stop' : 'send'));
  };
  const changed = (): void => {
    const maxPx = Math.floor(window.innerHeight * maxHeightShare);
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, maxPx)}px`;
    button.disabled = !isAnswering && box.value.trim() === '';
  };
  const setText = (written: string): void => {
    box.value = written;
    options.onDraft(written);
    changed();
    mentions.changed();
    writing.changed(written);
  };
  const send = (): void => {
    const question = box.value.trim();
    if (question !== '' && !isAnswering) {
      setText('');
      options.ask(question);
    }
  };

  box.addEventListener('input', () => setText(box.value));
  box.addEventListener('click', () => mentions.changed());
  box.addEventListener('keyup', ({ key }) => {
    if (key === 'ArrowLeft' || key === 'ArrowRight' || key === 'Home' || key === 'End') {
      mentions.changed();
    }
  });
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || mentions.handleKey(event)) {
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && box.value === '') {
      const last = options.lastQuestion();
      if (last !== undefined) {
        event.preventDefault();
        setText(last);
      }
    }
  });
  button.addEventListener('click', () => {
    if (isAnswering) {
      post({ type: 'stop' });
    } else {
      send();
    }
    box.focus();
  });

  box.value = options.draft;
  showButton();
  const root = element(
    'div',
    { class: 'composer' },
    mentions.element,
    chips.element,
    element('div', { class: 'question-row' }, box, addOpenEditors, button),
  );
  // Its lines break elsewhere when the view gets wider, and it has no height before it is shown.
  // In the next frame: an observer may not change what it observes.
  new ResizeObserver(() => requestAnimationFrame(changed)).observe(root);

  return {
    element: root,
    setChips(next) {
      chips.update(next);
      writing.again(box.value);
    },
    setAnswering(next) {
      if (next !== isAnswering) {
        isAnswering = next;
        showButton();
        changed();
        if (!isAnswering) {
          writing.again(box.value); // nothing was prepared while another was answered
        }
      }
    },
    setSuggestions: (query, items) => mentions.show(query, items),
    focus(replacement) {
      if (replacement !== undefined) {
        setText(replacement);
      }
      box.focus();
    },
  };
}
