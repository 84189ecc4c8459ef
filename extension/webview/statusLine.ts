// The line over the question that says what the server is busy with or what it lacks. Hidden
// while all is well.

import type { StatusView } from '../shared/messages.js';
import type { Post } from './api.js';
import { announce } from './announce.js';
import { element, icon, textButton } from './dom.js';
import { text } from './text.js';

export interface StatusLine {
  readonly element: HTMLElement;
  update(status: StatusView): void;
}

export function createStatusLine(post: Post): StatusLine {
  const sign = element('span', { class: 'status-icon' });
  const message = element('span', { class: 'status-message' });
  const left = element('span', { class: 'status-left' });
  const buttons = element('div', { class: 'buttons' });
  const fill = element('span', { class: 'fill' });
  const bar = element('div', { class: 'bar', role: 'progressbar' }, fill);
  bar.setAttribute('aria-valuemin', '0');
  bar.setAttribute('aria-valuemax', '100');
  const root = element(
    'div',
    { class: 'status', hidden: true },
    element('div', { class: 'status-text' }, sign, message, left),
    bar,
    buttons,
  );
  let shown: StatusView | undefined;

  return {
    element: root,
    update(status) {
      const before = shown;
      shown = status;
      root.hidden = isQuiet(status);
      root.dataset['health'] = status.health;
      if (before?.state !== status.state || before.health !== status.health) {
        sign.replaceChildren(signOf(status));
        // Progress within a state is not worth an interruption.
        if (!root.hidden) {
          announce(status.message);
        }
      }
      message.textContent = status.message;
      left.textContent = timeLeft(status.secondsLeft);

      const percent = Math.round(Math.min(1, Math.max(0, status.progress ?? 0)) * 100);
      bar.hidden = status.progress === undefined;
      bar.setAttribute('aria-valuenow', String(percent));
      bar.setAttribute('aria-label', status.message);
      fill.style.width = `${percent}%`;

      // Statuses come often: a button must not vanish under the pointer.
      if (JSON.stringify(before?.actions) !== JSON.stringify(status.actions)) {
        buttons.hidden = status.actions.length === 0;
        buttons.replaceChildren(
          ...status.actions.map(({ id, label }) =>
            textButton(label, () => post({ type: 'action', id })),
          ),
        );
      }
    },
  };
}

/** Nothing to tell beyond what the transcript shows. */
function isQuiet({ state, health }: StatusView): boolean {
  return (state === 'ready' || state === 'answering') && health === 'ok';
}

function signOf({ state, health }: StatusView): HTMLElement {
  if (health !== 'ok') {
    return icon(health);
  }
  switch (state) {
    case 'downloading':
    case 'loading':
    case 'indexing':
      return icon('loading', true);
    case 'paused':
      return icon('debug-pause');
    default:
      return icon('info');
  }
}

function timeLeft(seconds: number | undefined): string {
  if (seconds === undefined) {
    return '';
  }
  return seconds < 60
    ? text('secondsLeft', Math.max(1, Math.round(seconds)))
    : text('minutesLeft', Math.ceil(seconds / 60));
}
