// Which stretch of a file a cursor is in. Evidence serves for a stretch: it is chosen anew when
// the cursor enters another function or the imports change, not with every key.

import { importsOf } from './imports.js';

const opensFunction =
  /\b(?:function|def|fn|func|class|interface|impl|struct|trait|enum|namespace|module)\b|[=:]\s*(?:async\b\s*)?\(?.*=>\s*[{(]?\s*$|\)\s*(?::[^:]*|->.*)?\{\s*$/u;
const control = /^\s*(?:\}\s*)?(?:if|else|for|while|switch|catch|try|do|with|return|elif)\b/u;
/** `): number {`, `) -> int:`, `) => {` of a list of parameters over several lines. */
const endsParameters = /^\s*\)[^;]*(?:\{|:|=>)\s*$/u;
/** Code outside of functions: the cursor may go this far before other evidence is looked for. */
const looseLines = 40;

/** Of a longer line its ends are looked at: data in one line would take seconds. */
const mostOfLine = 300;

/** Equal for cursors of one stretch. */
export function regionOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  const headers = enclosing(lines);
  const loose = `lines ${Math.floor(lines.length / looseLines)}`;
  // An import that is being written is none yet.
  const lineEnd = text.indexOf('\n', offset);
  const others = [...lines.slice(0, -1), lineEnd < 0 ? '' : text.slice(lineEnd + 1)].join('\n');
  return [...(headers.length > 0 ? headers : [loose]), importsOf(others)].join('\n');
}

/** The lines that open the functions and classes around the last of `lines`, innermost first. */
function enclosing(lines: readonly string[]): string[] {
  const headers: string[] = [];
  let indent = indentOf(lines.at(-1) ?? '') ?? Infinity;
  let isParameters = false;
  for (let at = lines.length - 2; at >= 0 && indent > 0; at--) {
    const line = lines[at] ?? '';
    const own = indentOf(line);
    if (own === undefined || own >= indent) {
      continue;
    }
    if (endsParameters.test(line)) {
      isParameters = true;
      indent = own + 1; // the line that opens them stands as far left
      continue;
    }
    indent = own;
    if (/^\s*[)\]}]/u.test(line)) {
      continue; // what it ends does not hold the cursor
    }
    if ((isParameters || opensFunction.test(endsOf(line))) && !control.test(line)) {
      headers.push(line.trimEnd());
    }
    isParameters = false;
  }
  return headers;
}

function endsOf(line: string): string {
  return line.length <= 2 * mostOfLine
    ? line
    : `${line.slice(0, mostOfLine)} ${line.slice(-mostOfLine)}`;
}

/** Undefined for a blank line: it says nothing about where it stands. */
function indentOf(line: string): number | undefined {
  const text = line.trimStart();
  return text === '' ? undefined : line.length - text.length;
}
