// Source files as the benches of completion take them: those that a person would type in, and
// their lines with offsets, indentation and what surrounds them.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listFiles } from '../../server/workspace/list.js';

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
}

export interface SourceLine {
  /** Of the line's first character, in UTF-16 units. */
  start: number;
  /** Without the line end. */
  text: string;
  /** Characters of white space that it begins with. */
  indent: number;
  isBlank: boolean;
  /** It holds no code: a comment, or a part of a text over several lines. */
  isComment: boolean;
}

/** Generated code has longer ones. */
const longestLine = 300;
const sizes = { min: 600, max: 90_000 };

/** Files of a repository's folder that a person would type in, sorted by path. */
export async function typedFiles(root: string): Promise<SourceFile[]> {
  const files = await sourceFiles(root);
  return files.filter(
    ({ text }) =>
      text.length >= sizes.min && text.length <= sizes.max && !/[^\n\t\x20-\x7e]/.test(text),
  );
}

/** All JavaScript and TypeScript of a folder, declarations and generated code left out. */
export async function sourceFiles(root: string): Promise<SourceFile[]> {
  const listed = await listFiles({ root });
  const paths = listed.files
    .map((file) => file.path)
    .filter((name) => /\.[cm]?[jt]s$/.test(name) && !/\.d\.[cm]?ts$/.test(name))
    .sort();
  const files = await Promise.all(
    paths.map(async (name) => ({
      path: name,
      text: await readFile(path.join(root, ...name.split('/')), 'utf8'),
    })),
  );
  return files.filter(({ text }) => text.split('\n').every((line) => line.length <= longestLine));
}

export function sourceLines(text: string): SourceLine[] {
  const code = codeOnly(text).split('\n');
  let start = 0;
  return text.split('\n').map((line, at) => {
    const here = start;
    start += line.length + 1;
    const body = line.trimStart();
    const isBlank = body === '';
    return {
      start: here,
      text: line,
      indent: line.length - body.length,
      isBlank,
      isComment: !isBlank && code[at]?.trim() === '',
    };
  });
}

/** The text with comments and strings as spaces. */
export function codeOnly(text: string): string {
  const hidden =
    /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
  return text.replace(hidden, (found) => found.replace(/[^\n]/g, ' '));
}

/** The line that encloses line `at` by indentation; undefined at the top of the file. */
export function encloser(lines: readonly SourceLine[], at: number): SourceLine | undefined {
  const indent = lines[at]?.indent ?? 0;
  for (let i = at - 1; i >= 0; i--) {
    const line = lines[i];
    if (line !== undefined && !line.isBlank && line.indent < indent) {
      return line;
    }
  }
  return undefined;
}

/** Begins a body of statements: a function, a loop, a branch. Not an object or a class. */
export function opensStatements(line: string): boolean {
  return (
    /(\)(\s*:[^{}]*)?|=>|\belse|\btry|\bfinally|\bdo)\s*\{$/.test(line.trimEnd()) &&
    !/^\s*class\b/.test(line)
  );
}
