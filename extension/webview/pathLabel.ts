// A path with its file name in front of the reader's eye: the folder dimmed, each part isolated
// from the text direction of the other.

import { element } from './dom.js';
import { splitPath, visibleName } from './names.js';

/** The parts of a path and its lines, to be put into a chip, a button or a table cell. */
export function pathLabel(path: string, lines: string): HTMLElement {
  const { folder, name } = splitPath(visibleName(path));
  return element(
    'span',
    { class: 'path' },
    folder === '' ? undefined : element('bdi', { class: 'folder' }, folder),
    element('bdi', { class: 'file-name' }, name),
    lines === '' ? undefined : element('span', { class: 'lines' }, lines),
  );
}
