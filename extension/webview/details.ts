// The fold-out under an answer: all its passages with their weights, and what the answer cost.

import type { SourceView, TurnDetails, TurnView } from '../shared/messages.js';
import { element, keepingFocus } from './dom.js';
import { formatBytes, formatCount, formatDuration, formatRate, formatShare } from './format.js';
import { sourceButton } from './sources.js';
import { text } from './text.js';

export interface Details {
  readonly element: HTMLElement;
  update(turn: Pick<TurnView, 'sources' | 'details'>): void;
}

/** `open` gets the source's place among those of the turn. */
export function createDetails(open: (index: number) => void): Details {
  const content = element('div', { class: 'details-content' });
  const root = element(
    'details',
    { class: 'details', hidden: true },
    element('summary', {}, text('lookedAt')),
    content,
  );
  return {
    element: root,
    update({ sources, details }) {
      root.hidden = sources.length === 0 && details === undefined;
      const parts = [
        ...(sources.length > 0 ? [passageTable(sources, open)] : []),
        ...(details === undefined ? [] : [figureList(details)]),
      ];
      keepingFocus(content, () => content.replaceChildren(...parts));
    },
  };
}

function passageTable(
  sources: readonly SourceView[],
  open: (index: number) => void,
): HTMLTableElement {
  const heads = [text('passage'), text('weight')].map((name) =>
    element('th', { scope: 'col' }, name),
  );
  const rows = sources.map((source, index) =>
    element(
      'tr',
      {},
      element(
        'td',
        {},
        sourceButton(source, () => open(index)),
      ),
      element('td', {}, weightBar(source.weight)),
    ),
  );
  return element(
    'table',
    { class: 'passages' },
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...rows),
  );
}

function weightBar(weight: number): HTMLElement {
  const fill = element('span', { class: 'fill' });
  fill.style.width = `${Math.min(100, Math.max(0, weight * 100))}%`;
  return element(
    'span',
    { class: 'weight' },
    element('span', { class: 'bar', 'aria-hidden': 'true' }, fill),
    element('span', { class: 'share' }, formatShare(weight)),
  );
}

function figureList(details: TurnDetails): HTMLElement {
  const entries = figures(details).flatMap(({ name, value, isPart }) => [
    element('dt', isPart ? { class: 'part' } : {}, name),
    element('dd', {}, value),
  ]);
  return element('dl', { class: 'figures' }, ...entries);
}

interface Figure {
  readonly name: string;
  readonly value: string;
  /** Counted in the figure before it. */
  readonly isPart: boolean;
}

function figures(details: TurnDetails): Figure[] {
  // Less than the question has where it was prepared while it was written.
  const ofQuestion = Math.min(
    details.questionTokens,
    details.tokensComputed - details.tokensRepaired - details.repoTokensComputed,
  );
  const whole = (name: string, value: string): Figure => ({ name, value, isPart: false });
  const part = (name: string, value: string): Figure => ({ name, value, isPart: true });
  return [
    whole(text('model'), details.model),
    whole(text('firstWord'), formatDuration(details.ttftMs)),
    whole(text('total'), formatDuration(details.totalMs)),
    whole(text('speed'), text('tokensPerSecond', formatRate(details.decodeTokensPerSecond))),
    whole(text('repository'), formatCount(details.repoTokens)),
    whole(text('workingSet'), formatCount(details.workingSetTokens)),
    whole(text('reused'), formatCount(details.tokensReused)),
    whole(text('computed'), formatCount(details.tokensComputed)),
    part(text('computedQuestion'), formatCount(ofQuestion)),
    part(text('computedRepair'), formatCount(details.tokensRepaired)),
    part(text('computedRepository'), formatCount(details.repoTokensComputed)),
    whole(text('fromDisk'), formatBytes(details.bytesFromDisk)),
  ];
}
