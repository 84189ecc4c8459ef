// What the user has put beside a question: a row of chips, which can be taken away while the
// question is not yet asked.

import type { Chip } from '../shared/messages.js';
import { element, icon, iconButton, replaceKeepingFocus } from './dom.js';
import { formatCount } from './format.js';
import { linesSuffix, visibleName } from './names.js';
import { pathLabel } from './pathLabel.js';
import { text } from './text.js';

const icons: Readonly<Record<Chip['kind'], string>> = {
  selection: 'list-selection',
  file: 'file',
  folder: 'folder',
};

/** The icon of a file, a folder or a selection. */
export function kindIcon(kind: Chip['kind']): HTMLElement {
  return icon(icons[kind]);
}

export interface ChipRow {
  readonly element: HTMLElement;
  update(chips: readonly Chip[]): void;
}

/** With `remove`, each chip has a button for it. */
export function createChipRow(remove?: (id: string) => void): ChipRow {
  const row = element('ul', { class: 'chips', hidden: true });
  return {
    element: row,
    update(chips) {
      row.hidden = chips.length === 0;
      replaceKeepingFocus(
        row,
        chips.map((chip) => chipElement(chip, remove)),
      );
    },
  };
}

function chipElement(chip: Chip, remove: ((id: string) => void) | undefined): HTMLElement {
  const { startLine = 0, endLine = 0 } = chip;
  const lines = linesSuffix({ startLine, endLine });
  const name = visibleName(chip.path) + lines;
  const tokens =
    chip.tokens === undefined
      ? undefined
      : element('span', { class: 'chip-tokens' }, text('tokens', formatCount(chip.tokens)));
  const button =
    remove === undefined
      ? undefined
      : iconButton('close', `${text('remove')}: ${name}`, () => remove(chip.id));
  return element(
    'li',
    { class: 'chip', title: name },
    kindIcon(chip.kind),
    pathLabel(chip.path, lines),
    tokens,
    button,
  );
}
