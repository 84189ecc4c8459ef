// One turn of a chat: the question, the sources, the answer, and what became of it. Each part is
// drawn again only when its own data has changed.

import type { TurnView } from '../shared/messages.js';
import { createAnswer } from './answer.js';
import type { Post } from './api.js';
import { createDetails } from './details.js';
import { element, icon, keepingFocus, textButton } from './dom.js';
import { createQuestion } from './question.js';
import { createSources } from './sources.js';
import { isRunning } from './state.js';
import { text } from './text.js';

export interface TurnElement {
  readonly element: HTMLElement;
  update(turn: TurnView, isChatAnswering: boolean): void;
}

export function createTurn(turnId: string, post: Post): TurnElement {
  let shown: TurnView | undefined;
  let wasChatAnswering: boolean | undefined;
  const openSource = (index: number): void => post({ type: 'openSource', turnId, index });

  const question = createQuestion(turnId, post);
  const sources = createSources(openSource);
  const answer = createAnswer(turnId, () => shown?.sources ?? [], post);
  const progress = element('p', { class: 'progress', hidden: true });
  const warnings = element('ul', { class: 'notes', hidden: true });
  const ending = element('div', { class: 'ending', hidden: true });
  const details = createDetails(openSource);

  const root = element(
    'article',
    { class: 'turn' },
    question.element,
    element(
      'div',
      { class: 'answer' },
      element('h2', { class: 'visually-hidden' }, text('answer')),
      sources.element,
      progress,
      answer.element,
      warnings,
      ending,
      details.element,
    ),
  );

  return {
    element: root,
    update(turn, isChatAnswering) {
      if (turn === shown && isChatAnswering === wasChatAnswering) {
        return;
      }
      const before = shown;
      wasChatAnswering = isChatAnswering;
      // The answer asks for the sources while it is drawn.
      shown = turn;
      const hasNew = (name: keyof TurnView): boolean => before?.[name] !== turn[name];

      root.dataset['state'] = turn.state;
      question.update(turn, isChatAnswering);
      if (hasNew('sources')) {
        sources.update(turn.sources);
      }
      if (hasNew('answer') || hasNew('state')) {
        answer.update(turn.answer, !isRunning(turn));
      }
      if (hasNew('warnings')) {
        warnings.hidden = turn.warnings.length === 0;
        warnings.replaceChildren(...turn.warnings.map(note));
      }
      if (hasNew('state') || hasNew('sources')) {
        showProgress(progress, turn);
      }
      if (hasNew('state') || hasNew('problem') || hasNew('canContinue')) {
        showEnding(ending, turn, post);
      }
      if (hasNew('sources') || hasNew('details')) {
        details.update(turn);
      }
    },
  };
}

function note(warning: string): HTMLElement {
  return element('li', {}, icon('warning'), element('span', {}, warning));
}

/** Before the first word: what is being done. */
function showProgress(progress: HTMLElement, turn: TurnView): void {
  progress.hidden = turn.state !== 'waiting';
  const label = turn.sources.length === 0 ? text('looking') : text('reading');
  progress.replaceChildren(icon('loading', true), element('span', {}, label));
}

/** After the last word: that it was stopped or failed, and what can be done about it. */
function showEnding(ending: HTMLElement, turn: TurnView, post: Post): void {
  const parts: HTMLElement[] = [];
  if (turn.state === 'stopped') {
    parts.push(element('span', { class: 'stopped' }, text('stopped')));
  }
  if (turn.state === 'failed' && turn.problem !== undefined) {
    parts.push(
      element(
        'div',
        { class: 'problem' },
        icon('error'),
        element('span', {}, turn.problem.message),
      ),
    );
  }
  const buttons = (turn.state === 'failed' ? (turn.problem?.actions ?? []) : []).map(
    ({ id, label }) => textButton(label, () => post({ type: 'action', id, turnId: turn.id })),
  );
  if (turn.canContinue && !isRunning(turn)) {
    buttons.push(
      textButton(text('continueAnswer'), () => post({ type: 'continue', turnId: turn.id })),
    );
  }
  if (buttons.length > 0) {
    parts.push(element('div', { class: 'buttons' }, ...buttons));
  }
  ending.hidden = parts.length === 0;
  keepingFocus(ending, () => ending.replaceChildren(...parts));
}
