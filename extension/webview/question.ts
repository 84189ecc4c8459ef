// The question of a turn: its text, what stood beside it, and the buttons to ask it again, as it
// is or changed.

import type { Chip, TurnView } from '../shared/messages.js';
import type { Post } from './api.js';
import { createChipRow } from './chips.js';
import { element, iconButton, textButton } from './dom.js';
import { text } from './text.js';

export interface Question {
  readonly element: HTMLElement;
  /** While the chat is answering nothing can be asked again. */
  update(turn: Pick<TurnView, 'question' | 'chips'>, isChatAnswering: boolean): void;
}

export function createQuestion(turnId: string, post: Post): Question {
  let question = '';
  let shownChips: readonly Chip[] = [];
  const bubble = element('div', { class: 'bubble', dir: 'auto' });
  const chips = createChipRow();
  const edit = iconButton('edit', text('edit'), () => startEditing());
  const again = iconButton('refresh', text('regenerate'), () =>
    post({ type: 'regenerate', turnId }),
  );
  const shown = element(
    'div',
    { class: 'question-shown' },
    bubble,
    chips.element,
    element('div', { class: 'question-tools' }, edit, again),
  );

  const box = element('textarea', {
    class: 'edit-box',
    rows: '3',
    maxlength: '100000',
    'aria-label': text('edit'),
  });
  const resend = textButton(text('resend'), () => send(), 'primary');
  const cancel = textButton(text('cancelEdit'), () => stopEditing());
  const editor = element(
    'div',
    { class: 'question-editor', hidden: true },
    box,
    element('div', { class: 'buttons' }, cancel, resend),
  );

  const show = (isEditing: boolean): void => {
    shown.hidden = isEditing;
    editor.hidden = !isEditing;
  };
  const startEditing = (): void => {
    box.value = question;
    show(true);
    box.focus();
  };
  const stopEditing = (): void => {
    show(false);
    edit.focus();
  };
  const send = (): void => {
    const changed = box.value.trim();
    if (changed !== '' && !resend.disabled) {
      stopEditing();
      post({ type: 'edit', turnId, question: changed });
    }
  };
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) {
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      stopEditing();
    }
  });

  return {
    element: element(
      'div',
      { class: 'question' },
      element('h2', { class: 'visually-hidden' }, text('you')),
      shown,
      editor,
    ),
    update(turn, isChatAnswering) {
      if (question !== turn.question) {
        question = turn.question;
        bubble.textContent = question;
      }
      if (shownChips !== turn.chips) {
        shownChips = turn.chips;
        chips.update(shownChips);
      }
      for (const button of [edit, again, resend]) {
        button.disabled = isChatAnswering;
      }
    },
  };
}
