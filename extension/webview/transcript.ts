// The turns of the chat that is shown, one under the other; or, when there are none, what could
// be asked.

import type { ChatView } from '../shared/messages.js';
import type { Post } from './api.js';
import { element, textButton } from './dom.js';
import { isAnswering } from './state.js';
import { text } from './text.js';
import { createTurn, type TurnElement } from './turnElement.js';

export interface Transcript {
  /** Scrolls. */
  readonly element: HTMLElement;
  update(chat: ChatView): void;
}

/** `ask` is called with an example question that was chosen. */
export function createTranscript(post: Post, ask: (question: string) => void): Transcript {
  const turns = new Map<string, TurnElement>();
  const list = element('div', { class: 'turns' });
  const empty = emptyState(ask);
  const log = element(
    'div',
    {
      class: 'log',
      role: 'log',
      'aria-live': 'polite',
      'aria-label': text('conversation'),
      tabindex: '0',
    },
    empty,
    list,
  );
  let chatId: string | undefined;

  const removeAllBut = (ids: ReadonlySet<string>): void => {
    for (const [id, turn] of turns) {
      if (!ids.has(id)) {
        turn.element.remove();
        turns.delete(id);
      }
    }
  };

  return {
    element: log,
    update(chat) {
      const isSame = chat.id === chatId;
      chatId = chat.id;
      removeAllBut(new Set(isSame ? chat.turns.map(({ id }) => id) : []));

      const isBusy = isAnswering(chat);
      // Half an answer is not worth reading out.
      log.setAttribute('aria-busy', String(isBusy));
      empty.hidden = chat.turns.length > 0;
      chat.turns.forEach((turn, index) => {
        const shown = turns.get(turn.id) ?? createTurn(turn.id, post);
        turns.set(turn.id, shown);
        shown.update(turn, isBusy);
        if (list.children[index] !== shown.element) {
          list.insertBefore(shown.element, list.children[index] ?? null);
        }
      });
    },
  };
}

function emptyState(ask: (question: string) => void): HTMLElement {
  const examples = [text('example1'), text('example2'), text('example3')].map((question) =>
    element(
      'li',
      {},
      textButton(question, () => ask(question)),
    ),
  );
  return element(
    'div',
    { class: 'empty', hidden: true },
    element('h2', {}, text('emptyTitle')),
    element('p', {}, text('emptyBody')),
    element('ul', { class: 'examples' }, ...examples),
  );
}
