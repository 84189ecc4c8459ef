// The view's texts: English until the host has sent them in the user's language.

import { viewStrings, type ViewString, type ViewStrings } from '../shared/strings.js';

let strings: ViewStrings = viewStrings;

/** Takes the host's texts; tells whether any of them differs. */
export function setTexts(received: Readonly<Record<string, string>>): boolean {
  const before = strings;
  const after: ViewStrings = { ...viewStrings, ...received };
  strings = after;
  return (Object.keys(viewStrings) as ViewString[]).some((name) => after[name] !== before[name]);
}

/** A text, with `{0}`, `{1}`, ... replaced by the values. */
export function text(name: ViewString, ...values: readonly (string | number)[]): string {
  return strings[name].replace(/\{(\d)\}/gu, (placeholder, index: string) =>
    String(values[Number(index)] ?? placeholder),
  );
}
