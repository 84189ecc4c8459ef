// The words of an answer while they arrive: Markdown drawn block by block. Blocks that have not
// changed keep their elements, so that a selection or a focus in them survives.

import type { SourceView } from '../shared/messages.js';
import type { Post } from './api.js';
import { addCodeButtons, frameCode } from './codeBlocks.js';
import { element } from './dom.js';
import { createMarkdown } from './markdown.js';
import { findSource, sourceName } from './names.js';
import { sanitize } from './sanitize.js';
import { text } from './text.js';

export interface Answer {
  readonly element: HTMLElement;
  /** Draws the answer as far as it has come. */
  update(markdown: string, isEnded: boolean): void;
}

interface Block {
  readonly html: string;
  readonly element: HTMLElement;
  isComplete: boolean;
}

const renderMarkdown = createMarkdown({
  link: (target) => text('linkTarget', target),
  image: (target) => text('image', target),
});

/** `sources` gives those of the turn at the time of the call. */
export function createAnswer(
  turnId: string,
  sources: () => readonly SourceView[],
  post: Post,
): Answer {
  const root = element('div', { class: 'markdown' });
  const blocks: Block[] = [];

  const openNamed = (name: string): void => {
    const index = findSource(name, sources());
    if (index !== undefined) {
      post({ type: 'openSource', turnId, index });
    }
  };

  const addBlock = (html: string): void => {
    const made = element('div', { class: 'block' });
    made.append(sanitize(html));
    frameCode(made);
    frameTables(made);
    linkSources(made, sources(), openNamed);
    root.append(made);
    blocks.push({ html, element: made, isComplete: false });
  };

  return {
    element: root,
    update(markdown, isEnded) {
      const rendered = renderMarkdown(markdown);
      const same = commonLength(blocks, rendered);
      for (const gone of blocks.splice(same)) {
        gone.element.remove();
      }
      rendered.slice(same).forEach(addBlock);
      blocks.forEach((block, index) => {
        // All but the last are followed by text, so nothing can be added to them.
        if (!block.isComplete && (isEnded || index < blocks.length - 1)) {
          block.isComplete = true;
          addCodeButtons(block.element, turnId, post);
        }
      });
    },
  };
}

function commonLength(blocks: readonly Block[], rendered: readonly string[]): number {
  const first = blocks.findIndex(({ html }, index) => html !== rendered[index]);
  return first < 0 ? blocks.length : first;
}

/** Wide tables scroll by themselves; what scrolls must be reachable by keyboard. */
function frameTables(block: HTMLElement): void {
  for (const table of block.querySelectorAll('table')) {
    const frame = element('div', { class: 'table', tabindex: '0' });
    table.replaceWith(frame);
    frame.append(table);
  }
}

/** Makes buttons of inline code that names one of the sources. */
function linkSources(
  block: HTMLElement,
  sources: readonly SourceView[],
  open: (name: string) => void,
): void {
  for (const code of block.querySelectorAll(':not(pre) > code')) {
    const name = code.textContent ?? '';
    const source = sources[findSource(name, sources) ?? -1];
    if (source !== undefined) {
      const button = element('button', {
        type: 'button',
        class: 'source-link',
        title: sourceName(source),
      });
      code.replaceWith(button);
      button.append(code);
      button.addEventListener('click', () => open(name));
    }
  }
}
