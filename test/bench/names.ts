// Which names a piece of a file takes from other files of its repository, by patterns that fit
// JavaScript and TypeScript as people write it. What is not certain is left out.

import { EventEmitter } from 'node:events';
import { codeOnly, type SourceFile } from './sourceFiles.js';

/** The statement with which a file takes names from another file of its repository. */
interface Import {
  start: number;
  end: number;
  names: string[];
}

export interface NameIndex {
  /** Of each file, by path. */
  imports: Map<string, Import[]>;
  /** Files that define a name. */
  definers: Map<string, Set<string>>;
}

const name = '[A-Za-z_$][\\w$]*';
/** Shorter names that are not imported may mean anything. */
const shortestMember = 5;
const keywords = new Set(
  'if for while switch catch function with return await typeof super constructor'.split(' '),
);

/** Methods that every program has: their names say nothing of the repository. */
const known = new Set(
  [Array, String, Map, Set, Promise, Object, Function, RegExp, Number, Date, EventEmitter].flatMap(
    (made) => [...Object.getOwnPropertyNames(made), ...Object.getOwnPropertyNames(made.prototype)],
  ),
);

export function indexNames(files: readonly SourceFile[]): NameIndex {
  const index: NameIndex = { imports: new Map(), definers: new Map() };
  for (const { path, text } of files) {
    index.imports.set(path, importsIn(text));
    for (const defined of definitionsIn(codeOnly(text))) {
      const at = index.definers.get(defined) ?? new Set();
      index.definers.set(defined, at.add(path));
    }
  }
  return index;
}

/** What the piece names of other files. */
export interface Needs {
  /** Nothing else in the file names it, an import apart. */
  first: string[];
  /** All, those included that the file names elsewhere too. */
  all: string[];
}

export function needsOf(
  index: NameIndex,
  { path, text }: SourceFile,
  start: number,
  end: number,
): Needs {
  const code = codeOnly(text.slice(start, end));
  const imports = index.imports.get(path) ?? [];
  const imported = new Set(imports.flatMap((one) => one.names));
  const all = [...new Set(matches(code, new RegExp(name, 'g'), 0))].filter(
    (word) => imported.has(word) || isMemberElsewhere(index, path, code, word),
  );
  const cuts = [...imports, { start, end }];
  return { all, first: all.filter((word) => !occursOutside(text, word, cuts)) };
}

/** Called in the code, and defined in exactly one file, which is another one. */
function isMemberElsewhere(index: NameIndex, path: string, code: string, word: string): boolean {
  const definers = index.definers.get(word);
  const isOneOther = definers?.size === 1 && !definers.has(path);
  const escaped = word.replaceAll('$', '\\$');
  const isCalled = new RegExp(`(?<!function\\s)(?<![\\w$])${escaped}\\s*\\(`).test(code);
  return isOneOther && isCalled && word.length >= shortestMember && !known.has(word);
}

function importsIn(text: string): Import[] {
  const from = `['"]\\.{1,2}(?:/[^'"]*)?['"]`;
  const patterns = [
    new RegExp(`\\bimport\\s+([^'";]+?)\\s+from\\s*${from}`, 'g'),
    new RegExp(`\\b(?:const|let|var)\\s+(\\{[^}]*\\}|${name})\\s*=\\s*require\\(\\s*${from}`, 'g'),
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      names: boundNames(match[1] ?? ''),
    })),
  );
}

/** The names that a clause binds: the last of `a as b` and of `a: b`. */
function boundNames(clause: string): string[] {
  return clause
    .replace(/[{}]/g, ',')
    .split(',')
    .map((part) => new RegExp(`(${name})\\s*$`).exec(part.replace(/=.*$/, ''))?.[1] ?? '')
    .filter((bound) => bound !== '');
}

function definitionsIn(code: string): string[] {
  const patterns = [
    `\\b(?:function\\*?|class|interface|enum)\\s+(${name})`,
    `^(?:export\\s+)?(?:const|let|var|type)\\s+(${name})`,
    `^\\s+(?:(?:static|async|get|set|public|private|protected)\\s+)*[#*]?(${name})\\s*\\([^)\\n]*\\)\\s*(?::[^{\\n]*)?\\{`,
    `^\\s*(${name})\\s*:\\s*(?:async\\s*)?function\\b`,
    `\\.prototype\\.(${name})\\s*=`,
  ];
  return patterns
    .flatMap((pattern) => matches(code, new RegExp(pattern, 'gm'), 1))
    .filter((defined) => !keywords.has(defined));
}

function occursOutside(
  text: string,
  word: string,
  cuts: readonly Omit<Import, 'names'>[],
): boolean {
  const escaped = word.replaceAll('$', '\\$');
  const pattern = new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`, 'g');
  return [...text.matchAll(pattern)].some(
    ({ index }) => !cuts.some(({ start, end }) => index >= start && index < end),
  );
}

function matches(text: string, pattern: RegExp, group: number): string[] {
  return [...text.matchAll(pattern)].map((match) => match[group] ?? '');
}
