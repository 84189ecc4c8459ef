// The chat that is shown and how the host's messages change it. Data is never changed in place:
// what is the same object has not changed and need not be drawn again.

import type { ChatView, ToView, TurnView } from '../shared/messages.js';

/** The messages that change the chat. */
export type ChatMessage = Extract<ToView, { type: 'chat' | 'turn' | 'text' }>;

/** The chat after a message; the same object when the message changes nothing. */
export function applyMessage(
  chat: ChatView | undefined,
  message: ChatMessage,
): ChatView | undefined {
  switch (message.type) {
    case 'chat':
      return message.chat;
    case 'turn':
      return chat?.id === message.chatId ? withTurn(chat, message.turn) : chat;
    case 'text':
      return chat?.id === message.chatId ? withText(chat, message) : chat;
  }
}

/** The model is at work on this turn. */
export function isRunning(turn: TurnView): boolean {
  return turn.state === 'waiting' || turn.state === 'streaming';
}

export function isAnswering(chat: ChatView | undefined): boolean {
  return chat?.turns.some(isRunning) ?? false;
}

export function lastQuestion(chat: ChatView | undefined): string | undefined {
  return chat?.turns.at(-1)?.question;
}

/** The turn that was running before and is not any more. */
export function endedTurn(
  before: ChatView | undefined,
  after: ChatView | undefined,
): TurnView | undefined {
  if (before === undefined || before.id !== after?.id) {
    return undefined;
  }
  const running = new Set(before.turns.filter(isRunning).map(({ id }) => id));
  return after.turns.find((turn) => running.has(turn.id) && !isRunning(turn));
}

function withTurn(chat: ChatView, turn: TurnView): ChatView {
  const isNew = chat.turns.every(({ id }) => id !== turn.id);
  const turns = isNew
    ? [...chat.turns, turn]
    : chat.turns.map((other) => (other.id === turn.id ? turn : other));
  return { ...chat, turns };
}

/** Text that does not follow what is there is dropped: the whole turn comes when it has ended. */
function withText(
  chat: ChatView,
  { turnId, offset, text }: Extract<ToView, { type: 'text' }>,
): ChatView {
  const turn = chat.turns.find(({ id }) => id === turnId);
  if (turn?.answer.length !== offset || text === '') {
    return chat;
  }
  const state = turn.state === 'waiting' ? 'streaming' : turn.state;
  return withTurn(chat, { ...turn, state, answer: turn.answer + text });
}
