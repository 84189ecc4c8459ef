// The page with the earlier chats: search, open, delete.

import type { ChatSummary } from '../shared/messages.js';
import type { Post } from './api.js';
import { element, iconButton, replaceKeepingFocus } from './dom.js';
import { formatDate } from './format.js';
import { visibleName } from './names.js';
import { text } from './text.js';

export interface ChatsList {
  readonly element: HTMLElement;
  /** Asks the host for the chats and puts the cursor into the search. */
  open(currentId: string | undefined): void;
  update(query: string, chats: readonly ChatSummary[]): void;
}

const debounceMs = 150;

/** How far a key goes in the list. */
const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

/** `onClose` is called when the reader wants back to the chat. */
export function createChatsList(post: Post, onClose: () => void): ChatsList {
  let currentId: string | undefined;
  let found: readonly ChatSummary[] = [];
  /** A list that was on its way when one was deleted may still hold it. */
  const deleted = new Set<string>();
  let searching: ReturnType<typeof setTimeout> | undefined;

  const search = element('input', {
    class: 'search',
    type: 'text',
    placeholder: text('searchChats'),
    'aria-label': text('searchChats'),
  });
  const list = element('ul', { class: 'chat-entries', 'aria-label': text('chats') });
  const none = element('p', { class: 'no-chats', hidden: true }, text('noChats'));
  const root = element(
    'main',
    { class: 'chats', hidden: true },
    element(
      'header',
      { class: 'header' },
      iconButton('arrow-left', text('back'), onClose),
      element('h1', { class: 'title' }, text('chats')),
    ),
    search,
    list,
    none,
  );

  const ask = (): void => post({ type: 'listChats', query: search.value });
  const openChat = (chatId: string): void => {
    post({ type: 'openChat', chatId });
    onClose();
  };
  const deleteChat = (chatId: string): void => {
    deleted.add(chatId);
    post({ type: 'deleteChat', chatId });
    render();
    if (list.children.length === 0) {
      search.focus();
    }
  };
  const render = (): void => {
    const shown = found.filter(({ id }) => !deleted.has(id));
    const now = Date.now();
    none.hidden = shown.length > 0;
    replaceKeepingFocus(
      list,
      shown.map((chat) => entry(chat, chat.id === currentId, now, openChat, deleteChat)),
    );
  };
  const entries = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>('.chat-entry')];
  const move = (by: number): void => {
    const all = entries();
    const at = all.findIndex((entry) => entry.parentElement?.contains(document.activeElement));
    const next = at < 0 && by < 0 ? -1 : at + by;
    if (next < 0) {
      search.focus();
    } else {
      all[Math.min(next, all.length - 1)]?.focus();
    }
  };

  search.addEventListener('input', () => {
    clearTimeout(searching);
    searching = setTimeout(ask, debounceMs);
  });
  root.addEventListener('keydown', (event) => {
    if (event.isComposing) {
      return;
    }
    const by = steps[event.key];
    if (by !== undefined) {
      event.preventDefault();
      move(by);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    }
  });

  return {
    element: root,
    open(id) {
      currentId = id;
      search.value = '';
      ask();
      search.focus();
    },
    update(query, chats) {
      if (query === search.value) {
        found = chats;
        render();
      }
    },
  };
}

function entry(
  chat: ChatSummary,
  isCurrent: boolean,
  now: number,
  open: (chatId: string) => void,
  remove: (chatId: string) => void,
): HTMLElement {
  const title = visibleName(chat.title);
  const button = element(
    'button',
    { type: 'button', class: 'chat-entry', 'aria-current': isCurrent ? 'true' : undefined },
    element('bdi', { class: 'chat-title' }, title),
    element('span', { class: 'chat-date' }, formatDate(chat.updated, now)),
  );
  button.addEventListener('click', () => open(chat.id));
  return element(
    'li',
    {},
    button,
    iconButton('trash', `${text('deleteChat')}: ${title}`, () => remove(chat.id)),
  );
}
