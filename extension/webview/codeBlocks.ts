// What stands around the code of an answer: a bar with its language and what can be done with it.

import type { Post } from './api.js';
import { announce } from './announce.js';
import { element, icon, iconButton, setLabel } from './dom.js';
import { text } from './text.js';

const copiedMs = 1500;
/** The longest that the host accepts. */
const maxLanguageLength = 40;

/** Puts a bar over each code block in `block`. */
export function frameCode(block: HTMLElement): void {
  for (const pre of block.querySelectorAll('pre')) {
    const language = languageOf(pre);
    const label = element('span', { class: 'language' }, language === '' ? text('code') : language);
    const bar = element('div', { class: 'code-bar' }, label);
    const frame = element('div', { class: 'code-block' }, bar);
    pre.replaceWith(frame);
    // Long lines scroll, and what scrolls must be reachable by keyboard.
    pre.tabIndex = 0;
    frame.append(pre);
  }
}

/** Adds the buttons to the bars; once the code is complete. */
export function addCodeButtons(block: HTMLElement, turnId: string, post: Post): void {
  for (const frame of block.querySelectorAll('.code-block')) {
    const pre = frame.querySelector('pre');
    const bar = frame.querySelector('.code-bar');
    if (pre !== null && bar !== null) {
      bar.append(buttons(pre, turnId, post));
    }
  }
}

function buttons(pre: HTMLElement, turnId: string, post: Post): HTMLElement {
  const language = languageOf(pre).slice(0, maxLanguageLength);
  const whole = (): string => pre.textContent ?? '';
  const code = (): string => whole().replace(/\n$/u, '');
  const copy = iconButton('copy', text('copy'), () => {
    post({ type: 'copyCode', code: code() });
    showCopied(copy);
  });
  return element(
    'div',
    { class: 'code-tools' },
    copy,
    iconButton('insert', text('insert'), () => post({ type: 'insertCode', code: code() })),
    iconButton('new-file', text('newFile'), () =>
      post({ type: 'newFile', code: whole(), language }),
    ),
    iconButton('diff', text('apply'), () => post({ type: 'applyCode', turnId, code: whole() })),
  );
}

function showCopied(button: HTMLElement): void {
  button.replaceChildren(icon('check'));
  setLabel(button, text('copied'));
  announce(text('copied'));
  setTimeout(() => {
    button.replaceChildren(icon('copy'));
    setLabel(button, text('copy'));
  }, copiedMs);
}

function languageOf(pre: HTMLElement): string {
  const classes = pre.querySelector('code')?.classList ?? [];
  const named = [...classes].find((name) => name.startsWith('language-'));
  return named?.slice('language-'.length) ?? '';
}
