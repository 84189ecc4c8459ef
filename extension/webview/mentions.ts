// `@` and the beginning of a name in the question: a list of files and folders, of which one can
// be put beside the question.

import type { ToView } from '../shared/messages.js';
import type { Post } from './api.js';
import { kindIcon } from './chips.js';
import { element } from './dom.js';
import { formatCount } from './format.js';
import { visibleName } from './names.js';
import { pathLabel } from './pathLabel.js';
import { text } from './text.js';

export type Suggestion = Extract<ToView, { type: 'suggestions' }>['items'][number];

/** A word that begins with `@` and ends at the cursor. */
export interface Mention {
  /** Where the `@` stands. */
  readonly start: number;
  /** What follows it. */
  readonly query: string;
}

/** The longest that the host accepts. */
const maxQueryLength = 300;
const debounceMs = 120;

/** The mention that is being written at `cursor`, if any. */
export function mentionAt(written: string, cursor: number): Mention | undefined {
  const word = /(?:^|[\s([{])@([^\s@]*)$/u.exec(written.slice(0, cursor));
  const query = word?.[1];
  if (query === undefined || query.length > maxQueryLength) {
    return undefined;
  }
  return { start: cursor - query.length - 1, query };
}

export interface Mentions {
  /** The list. */
  readonly element: HTMLElement;
  /** To be called when the text or the cursor has moved. */
  changed(): void;
  show(query: string, items: readonly Suggestion[]): void;
  /** Tells whether the key was meant for the list. */
  handleKey(event: KeyboardEvent): boolean;
}

export function createMentions(box: HTMLTextAreaElement, post: Post): Mentions {
  const list = element('div', {
    class: 'suggestions',
    id: 'suggestions',
    role: 'listbox',
    'aria-label': text('suggestions'),
    hidden: true,
  });
  box.setAttribute('aria-autocomplete', 'list');
  box.setAttribute('aria-controls', list.id);

  let items: readonly Suggestion[] = [];
  let chosen = 0;
  let asked: string | undefined;
  /** The list shows what was found for `asked`. */
  let isCurrent = false;
  let asking: ReturnType<typeof setTimeout> | undefined;
  /** Where the mention stands whose list was closed by hand. */
  let dismissed: number | undefined;

  const current = (): Mention | undefined =>
    box.selectionStart === box.selectionEnd ? mentionAt(box.value, box.selectionStart) : undefined;

  const close = (): void => {
    clearTimeout(asking);
    asked = undefined;
    isCurrent = false;
    items = [];
    list.hidden = true;
    list.replaceChildren();
    box.removeAttribute('aria-activedescendant');
  };

  const choose = (index: number): void => {
    chosen = (index + items.length) % items.length;
    [...list.children].forEach((option, place) =>
      option.setAttribute('aria-selected', String(place === chosen)),
    );
    const option = list.children[chosen];
    option?.scrollIntoView({ block: 'nearest' });
    box.setAttribute('aria-activedescendant', option?.id ?? '');
  };

  const accept = (index: number): void => {
    const item = items[index];
    const mention = current();
    close();
    if (item !== undefined && mention !== undefined) {
      box.setRangeText('', mention.start, box.selectionStart, 'end');
      box.dispatchEvent(new Event('input', { bubbles: true }));
      post({ type: 'addContext', kind: item.kind, path: item.path });
    }
    box.focus();
  };

  return {
    element: list,
    changed() {
      const mention = current();
      if (mention === undefined || mention.start !== dismissed) {
        dismissed = undefined;
      }
      if (mention === undefined || dismissed !== undefined) {
        close();
      } else if (mention.query !== asked) {
        asked = mention.query;
        isCurrent = false;
        clearTimeout(asking);
        asking = setTimeout(() => post({ type: 'suggest', query: mention.query }), debounceMs);
      }
    },
    show(query, found) {
      if (query !== asked || query !== current()?.query) {
        return;
      }
      items = found;
      isCurrent = true;
      list.hidden = items.length === 0;
      list.replaceChildren(...items.map((item, index) => suggestionOption(item, index, accept)));
      if (items.length > 0) {
        choose(0);
      } else {
        box.removeAttribute('aria-activedescendant');
      }
    },
    handleKey(event) {
      if (list.hidden) {
        return false;
      }
      switch (event.key) {
        case 'ArrowDown':
          choose(chosen + 1);
          break;
        case 'ArrowUp':
          choose(chosen - 1);
          break;
        case 'Enter':
        case 'Tab':
          if (event.shiftKey) {
            return false;
          }
          // A name typed further than the list has come means none of what it shows.
          if (isCurrent) {
            accept(chosen);
          }
          break;
        case 'Escape':
          dismissed = current()?.start;
          close();
          break;
        default:
          return false;
      }
      event.preventDefault();
      return true;
    },
  };
}

function suggestionOption(
  item: Suggestion,
  index: number,
  accept: (index: number) => void,
): HTMLElement {
  const made = element(
    'div',
    {
      class: 'suggestion',
      id: `suggestion-${index}`,
      role: 'option',
      'aria-selected': 'false',
      title: visibleName(item.path),
    },
    kindIcon(item.kind),
    pathLabel(item.path, ''),
    element('span', { class: 'chip-tokens' }, text('tokens', formatCount(item.tokens))),
  );
  // The cursor stays in the question.
  made.addEventListener('mousedown', (event) => event.preventDefault());
  made.addEventListener('click', () => accept(index));
  return made;
}
