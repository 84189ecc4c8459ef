// The row on top: the chat's title, a new chat, the earlier chats.

import type { Post } from './api.js';
import { element, iconButton } from './dom.js';
import { visibleName } from './names.js';
import { text } from './text.js';

export interface Header {
  readonly element: HTMLElement;
  /** `folder`: what it is about, where that has to be said. */
  setTitle(title: string, folder?: string): void;
  focusChats(): void;
}

export function createHeader(post: Post, showChats: () => void): Header {
  const heading = element('h1', { class: 'title', dir: 'auto' }, text('newChat'));
  const chats = iconButton('history', text('chats'), showChats);
  return {
    element: element(
      'header',
      { class: 'header' },
      heading,
      iconButton('add', text('newChat'), () => post({ type: 'newChat' })),
      chats,
    ),
    setTitle(title, folder) {
      const name = title === '' ? text('newChat') : visibleName(title);
      const shown = folder === undefined ? name : `${visibleName(folder)}: ${name}`;
      heading.textContent = shown;
      heading.title = shown;
    },
    focusChats: () => chats.focus(),
  };
}
