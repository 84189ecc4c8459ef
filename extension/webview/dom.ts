// Makes elements. Attributes are set one by one and text is added as text, so that nothing that
// comes from a model or a file name is ever read as HTML.

export type Attributes = Readonly<Record<string, string | true | undefined>>;

type Child = Node | string | undefined;

/** An element with attributes and children; undefined ones are left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) {
      made.setAttribute(name, value === true ? '' : value);
    }
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** One of VS Code's own icons, not read out. */
export function icon(name: string, spins = false): HTMLElement {
  const spin = spins ? ' codicon-modifier-spin' : '';
  return element('span', { class: `codicon codicon-${name}${spin}`, 'aria-hidden': 'true' });
}

/** A button that shows an icon only. */
export function iconButton(name: string, label: string, onClick: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'icon-button' }, icon(name));
  setLabel(button, label);
  button.addEventListener('click', onClick);
  return button;
}

/** A button with words on it. */
export function textButton(
  label: string,
  onClick: () => void,
  kind: 'primary' | 'secondary' = 'secondary',
): HTMLButtonElement {
  const button = element('button', { type: 'button', class: `text-button ${kind}` }, label);
  button.addEventListener('click', onClick);
  return button;
}

/** Names an element that has no words, for the pointer and for screen readers. */
export function setLabel(target: HTMLElement, label: string): void {
  target.title = label;
  target.setAttribute('aria-label', label);
}

/** Replaces the children; where one of them had the focus, the one in its place gets it. */
export function replaceKeepingFocus(parent: HTMLElement, children: readonly HTMLElement[]): void {
  const focused = [...parent.children].findIndex((child) => child.contains(document.activeElement));
  parent.replaceChildren(...children);
  if (focused >= 0) {
    focusFirst(children[Math.min(focused, children.length - 1)]);
  }
}

/**
 * Draws something within the parent again; where one of its buttons had the focus, the one in
 * its place gets it.
 */
export function keepingFocus(parent: HTMLElement, draw: () => void): void {
  const buttons = (): HTMLElement[] => [...parent.querySelectorAll('button')];
  const focused = buttons().findIndex((button) => button === document.activeElement);
  draw();
  if (focused >= 0) {
    const now = buttons();
    now[Math.min(focused, now.length - 1)]?.focus();
  }
}

function focusFirst(target: HTMLElement | undefined): void {
  const isFocusable = target?.matches('button, input, textarea') === true;
  const found = isFocusable ? target : target?.querySelector<HTMLElement>('button');
  found?.focus();
}
