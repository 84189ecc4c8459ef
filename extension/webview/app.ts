// Puts the parts of the view together: a message changes the chat, the next animation frame
// draws what has changed.

import type { ChatView, FromView, ToView } from '../shared/messages.js';
import { post, type Post } from './api.js';
import { announce } from './announce.js';
import { createChatsList } from './chatsList.js';
import { createComposer } from './composer.js';
import { element } from './dom.js';
import { createHeader } from './header.js';
import {
  saveDraft,
  savedDraft,
  savedScroll,
  savedShowsChats,
  saveScroll,
  saveShowsChats,
} from './saved.js';
import { createScroll } from './scroll.js';
import { applyMessage, endedTurn, isAnswering, lastQuestion } from './state.js';
import { createStatusLine } from './statusLine.js';
import { text } from './text.js';
import { createTranscript } from './transcript.js';

export interface App {
  /** Takes a message of the host. */
  receive(message: Exclude<ToView, { type: 'strings' }>): void;
}

/** Draws the view into `root`, in place of what is there. */
export function createApp(root: HTMLElement): App {
  let chat: ChatView | undefined;
  let drawnChatId: string | undefined;
  let isDrawScheduled = false;
  let showsChats = false;

  const ask = (question: string): void => {
    post({ type: 'ask', question });
    composer.focus();
    scroll.toEnd();
  };
  const postFromTurn: Post = (message) => {
    post(message);
    if (startsAnswer(message)) {
      // The button that was pressed goes away, and the focus with it.
      composer.focus();
    }
  };
  const transcript = createTranscript(postFromTurn, ask);
  const scroll = createScroll(transcript.element, (position) => {
    if (drawnChatId !== undefined) {
      saveScroll(drawnChatId, position);
    }
  });
  const statusLine = createStatusLine(post);
  const composer = createComposer({
    draft: savedDraft(),
    post,
    onDraft: saveDraft,
    ask,
    lastQuestion: () => lastQuestion(chat),
  });
  const header = createHeader(post, () => show(true));
  const chats = createChatsList(post, () => {
    show(false);
    header.focusChats();
  });
  const chatPage = element(
    'main',
    { class: 'chat' },
    header.element,
    element('div', { class: 'log-frame' }, transcript.element, scroll.button),
    statusLine.element,
    composer.element,
  );
  root.replaceChildren(chatPage, chats.element);

  const show = (chatsNotChat: boolean): void => {
    const wereShown = showsChats;
    showsChats = chatsNotChat;
    saveShowsChats(showsChats);
    chatPage.hidden = showsChats;
    chats.element.hidden = !showsChats;
    if (showsChats) {
      chats.open(chat?.id);
    } else if (wereShown && drawnChatId !== undefined) {
      // What is hidden loses its reading position.
      scroll.restore(savedScroll(drawnChatId));
    }
  };

  const draw = (): void => {
    isDrawScheduled = false;
    if (chat === undefined) {
      return;
    }
    transcript.update(chat);
    header.setTitle(chat.title, chat.folder);
    composer.setAnswering(isAnswering(chat));
    if (chat.id === drawnChatId) {
      scroll.follow();
    } else {
      drawnChatId = chat.id;
      scroll.restore(savedScroll(chat.id));
    }
  };

  const change = (message: Extract<ToView, { type: 'chat' | 'turn' | 'text' }>): void => {
    const before = chat;
    chat = applyMessage(chat, message);
    if (chat === before) {
      return;
    }
    announceEnd(before, chat);
    if (!isDrawScheduled) {
      isDrawScheduled = true;
      requestAnimationFrame(draw);
    }
  };

  // On the document: what had the focus may just have been removed.
  document.addEventListener('keydown', (event) => {
    const isFree = !showsChats && !event.defaultPrevented && !event.isComposing;
    if (event.key === 'Escape' && isFree && isAnswering(chat)) {
      event.preventDefault();
      post({ type: 'stop' });
    }
  });
  if (savedShowsChats()) {
    show(true);
  }

  return {
    receive(message) {
      switch (message.type) {
        case 'chat':
        case 'turn':
        case 'text':
          change(message);
          break;
        case 'status':
          statusLine.update(message.status);
          break;
        case 'chats':
          chats.update(message.query, message.chats);
          break;
        case 'chips':
          composer.setChips(message.chips);
          break;
        case 'suggestions':
          composer.setSuggestions(message.query, message.items);
          break;
        case 'focusQuestion':
          show(false);
          composer.focus(message.text);
          break;
        case 'showChats':
          show(true);
          break;
      }
    },
  };
}

function startsAnswer(message: FromView): boolean {
  return (
    ['regenerate', 'edit', 'continue'].includes(message.type) ||
    (message.type === 'action' && message.id === 'retry')
  );
}

/** Tells those who do not see it how an answer has ended. */
function announceEnd(before: ChatView | undefined, after: ChatView | undefined): void {
  const ended = endedTurn(before, after);
  if (ended?.state === 'failed') {
    announce(ended.problem?.message ?? text('stopped'));
  } else if (ended !== undefined) {
    announce(ended.state === 'stopped' ? text('stopped') : text('answerFinished'));
  }
}
