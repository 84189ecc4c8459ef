import assert from 'node:assert/strict';
import type { ChatView, TurnView } from '../../../extension/shared/messages.js';
import {
  applyMessage,
  endedTurn,
  isAnswering,
  lastQuestion,
} from '../../../extension/webview/state.js';

function turn(changed: Partial<TurnView> = {}): TurnView {
  return {
    id: 't1',
    question: 'Where?',
    chips: [],
    state: 'streaming',
    answer: '',
    sources: [],
    warnings: [],
    canContinue: false,
    ...changed,
  };
}

function chat(...turns: TurnView[]): ChatView {
  return { id: 'c1', title: 'Chat', turns };
}

function withText(before: ChatView, offset: number, text: string, chatId = 'c1'): ChatView {
  const after = applyMessage(before, { type: 'text', chatId, turnId: 't1', offset, text });
  assert.ok(after);
  return after;
}

describe('chat that is shown', () => {
  it('appends text that follows what is there', () => {
    const after = withText(withText(chat(turn()), 0, 'In '), 3, 'a.ts');
    assert.equal(after.turns[0]?.answer, 'In a.ts');
  });

  it('drops text that it has already and text behind a gap', () => {
    const before = chat(turn({ answer: 'In ' }));
    assert.equal(withText(before, 0, 'In '), before);
    assert.equal(withText(before, 9, 'a.ts'), before);
  });

  it('takes no text for another chat', () => {
    const before = chat(turn());
    assert.equal(withText(before, 0, 'In ', 'c2'), before);
  });

  it('stops waiting when the first text comes', () => {
    const after = withText(chat(turn({ state: 'waiting' })), 0, 'In');
    assert.equal(after.turns[0]?.state, 'streaming');
  });

  it('replaces a turn in its place, and appends one that is new', () => {
    const other = turn({ id: 't2' });
    const replaced = applyMessage(chat(turn({ answer: 'half' }), other), {
      type: 'turn',
      chatId: 'c1',
      turn: turn({ answer: 'whole', state: 'done' }),
    });
    assert.ok(replaced);
    assert.deepEqual(
      replaced.turns.map(({ answer }) => answer),
      ['whole', ''],
    );
    assert.equal(replaced.turns[1], other);

    const third = turn({ id: 't3' });
    const appended = applyMessage(replaced, { type: 'turn', chatId: 'c1', turn: third });
    assert.equal(appended?.turns[2], third);
  });

  it('is replaced whole by another chat', () => {
    const other = { ...chat(), id: 'c2' };
    assert.equal(applyMessage(chat(turn()), { type: 'chat', chat: other }), other);
  });

  it('knows nothing of turns before there is a chat', () => {
    const after = applyMessage(undefined, { type: 'turn', chatId: 'c1', turn: turn() });
    assert.equal(after, undefined);
  });

  it('is answering while a turn is running', () => {
    assert.equal(isAnswering(chat(turn({ state: 'waiting' }))), true);
    assert.equal(isAnswering(chat(turn({ state: 'done' }))), false);
    assert.equal(isAnswering(undefined), false);
  });

  it('gives back its last question', () => {
    assert.equal(lastQuestion(chat(turn(), turn({ id: 't2', question: 'Why?' }))), 'Why?');
    assert.equal(lastQuestion(chat()), undefined);
  });
});

describe('end of an answer', () => {
  it('is noticed once', () => {
    const running = chat(turn());
    const done = chat(turn({ state: 'done' }));
    assert.equal(endedTurn(running, done), done.turns[0]);
    assert.equal(endedTurn(done, done), undefined);
  });

  it('is not seen in a chat that was opened in place of a running one', () => {
    const other = { ...chat(turn({ state: 'done' })), id: 'c2' };
    assert.equal(endedTurn(chat(turn()), other), undefined);
  });
});
