// The passages that an answer rests on, above it, as buttons that open them.

import type { SourceView } from '../shared/messages.js';
import { element, icon, replaceKeepingFocus, setLabel } from './dom.js';
import { linesSuffix, sourceName } from './names.js';
import { pathLabel } from './pathLabel.js';
import { text } from './text.js';

export interface Sources {
  readonly element: HTMLElement;
  update(sources: readonly SourceView[]): void;
}

/** The weightiest; the others on demand. */
const shownAtFirst = 6;

/** `open` gets the source's place among those of the turn. */
export function createSources(open: (index: number) => void): Sources {
  const row = element('div', {
    class: 'sources',
    role: 'group',
    'aria-label': text('sources'),
    hidden: true,
  });
  let current: readonly SourceView[] = [];
  let showsAll = false;

  const render = (): void => {
    const shown = showsAll ? current : current.slice(0, shownAtFirst);
    const buttons = shown.map((source, index) => sourceButton(source, () => open(index)));
    if (shown.length < current.length) {
      buttons.push(moreButton(current.length - shown.length));
    }
    row.hidden = current.length === 0;
    replaceKeepingFocus(row, buttons);
  };

  const moreButton = (count: number): HTMLButtonElement => {
    const button = element(
      'button',
      { type: 'button', class: 'source more' },
      text('moreSources', count),
    );
    button.addEventListener('click', () => {
      showsAll = true;
      render();
    });
    return button;
  };

  return {
    element: row,
    update(sources) {
      current = sources;
      render();
    },
  };
}

/** One source as a button, also for the table of passages. */
export function sourceButton(source: SourceView, onClick: () => void): HTMLButtonElement {
  const name = sourceName(source);
  const hint = source.isOutdated ? `${name}. ${text('changedSince')}` : name;
  const button = element(
    'button',
    { type: 'button', class: source.isOutdated ? 'source outdated' : 'source' },
    icon(source.isOutdated ? 'history' : 'file'),
    pathLabel(source.path, linesSuffix(source)),
  );
  setLabel(button, hint);
  button.addEventListener('click', onClick);
  return button;
}
