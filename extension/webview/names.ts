// Paths and line ranges as they are shown. A file name can hold characters that hide, reorder
// or break the text around them; those are made visible.

import type { SourceView } from '../shared/messages.js';

type Lines = Pick<SourceView, 'startLine' | 'endLine'>;

/** Controls, format characters (text direction, zero width), line separators, lone surrogates. */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The name with every deceptive character replaced by its code, such as `<U+202E>`. */
export function visibleName(name: string): string {
  return name.replace(deceptive, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** A path cut before its last part; the folder keeps its slash. */
export function splitPath(path: string): { folder: string; name: string } {
  const end = path.lastIndexOf('/', path.length - 2) + 1;
  return { folder: path.slice(0, end), name: path.slice(end) };
}

/** `:12`, `:12-20`, or nothing for a whole file. */
export function linesSuffix({ startLine, endLine }: Lines): string {
  if (endLine < 1) {
    return '';
  }
  return startLine === endLine ? `:${startLine}` : `:${startLine}-${endLine}`;
}

/** `path:start-end`, safe to show. */
export function sourceName(source: Pick<SourceView, 'path'> & Lines): string {
  return visibleName(source.path) + linesSuffix(source);
}

/**
 * Which of the sources a text such as `src/a.ts:12` means: the first with that path whose lines
 * meet those of the text.
 */
export function findSource(text: string, sources: readonly SourceView[]): number | undefined {
  const index = sources.findIndex((source) => isMeant(text, source));
  return index < 0 ? undefined : index;
}

function isMeant(text: string, source: SourceView): boolean {
  if (!text.startsWith(source.path)) {
    return false;
  }
  const rest = text.slice(source.path.length);
  if (rest === '') {
    return true;
  }
  const lines = /^:(\d{1,9})(?:-(\d{1,9}))?$/u.exec(rest);
  if (lines === null) {
    return false;
  }
  const start = Number(lines[1]);
  const end = Number(lines[2] ?? lines[1]);
  return start <= source.endLine && end >= source.startLine;
}
