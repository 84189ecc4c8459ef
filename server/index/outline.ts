// The outline of a file: its definitions and the lines at which it may well be cut. Read with
// tree-sitter where there is a grammar, from the look of the lines where there is none.

import type { Node, QueryMatch, Tree } from '@vscode/tree-sitter-wasm';
import { readerFor } from './grammars.js';
import type { SymbolDefinition, SymbolKind } from './types.js';

export interface Outline {
  /** In order of their start; an enclosing definition comes before those inside it. */
  definitions: SymbolDefinition[];
  /** Lines (1-based) that begin a top-level statement with the comments above it. */
  topLevelStarts: Set<number>;
}

/** Reads the outline of a file. `lines` are its lines, without their ends. */
export async function outlineOf(path: string, text: string, lines: string[]): Promise<Outline> {
  const reader = await readerFor(path);
  const tree = reader?.parse(text);
  const matches = tree && reader?.matches(tree);
  const outline =
    tree && matches ? treeOutline(matches, tree, path, text) : lineOutline(path, lines);
  if (tree) {
    reader?.letGo(tree);
  }
  outline.topLevelStarts = new Set(
    [...outline.topLevelStarts].map((line) => withComments(lines, line)),
  );
  return outline;
}

/** The first line of the comments and decorators directly above `line`. */
export function withComments(lines: readonly string[], line: number): number {
  while (line > 1 && LEADING.test(lines[line - 2] ?? '')) {
    line--;
  }
  return line;
}

const LEADING = /^\s*(\/\/|\/\*|\*|#(?!include|define|if|endif|else|pragma)|--|@\w|\[\w+.*\]\s*$)/;

function treeOutline(
  matches: readonly QueryMatch[],
  tree: Tree,
  path: string,
  text: string,
): Outline {
  const found = new Map<string, SymbolDefinition>();
  for (const match of matches) {
    const definition = definitionOf(match, path, text);
    const key = definition && `${definition.startLine}:${definition.name}`;
    // Where two patterns meet a definition, "type" is the vaguer word.
    if (definition && key && (found.get(key)?.kind ?? 'type') === 'type') {
      found.set(key, definition);
    }
  }
  const definitions = [...found.values()];
  definitions.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
  markMethods(definitions);
  return { definitions, topLevelStarts: topLevelStarts(tree.rootNode, text) };
}

function definitionOf(match: QueryMatch, path: string, text: string): SymbolDefinition | undefined {
  let name: string | undefined;
  let value: Node | undefined;
  let node: Node | undefined;
  let kind: SymbolKind | undefined;
  for (const capture of match.captures) {
    if (capture.name === 'name') {
      name = text.slice(capture.node.startIndex, capture.node.endIndex);
    } else if (capture.name === 'value') {
      value = capture.node;
    } else {
      node = capture.node;
      kind = capture.name as SymbolKind;
    }
  }
  if (!node || !kind) {
    return undefined;
  }
  if (value && isImport(text.slice(value.startIndex, value.startIndex + 24))) {
    return undefined;
  }
  const memberOf = name?.includes('.') ? name : undefined;
  name = name === undefined || name === 'module.exports' ? moduleName(path) : simpleName(name);
  if (memberOf === 'module.exports') {
    kind = 'module';
  } else if (value && kind !== 'property') {
    kind = kindOfValue(value) ?? kind;
  }
  // `a.b = 1` defines nothing that others would look up, nor does `exports.b = b`.
  if (memberOf && kind === 'variable') {
    if (!/^(module\.)?exports\./.test(memberOf) || value?.type === 'identifier') {
      return undefined;
    }
  }
  if (name === '' || (kind === 'property' && !namesEntry(name, value))) {
    return undefined;
  }
  return { name, kind, path, startLine: node.startPosition.row + 1, endLine: lastRow(node) + 1 };
}

/**
 * A plain word is the key of many objects, and `{ a: b }` defines nothing that `b` is not. Functions
 * are methods, which have a pattern of their own.
 */
function namesEntry(name: string, value: Node | undefined): boolean {
  return (
    name.length > 4 && /[\p{Lu}_$\d]/u.test(name) && !/identifier|function/u.test(value?.type ?? '')
  );
}

function isImport(value: string): boolean {
  return /^(require\s*\(|(await\s+)?import\s*\()/.test(value);
}

function kindOfValue(value: Node): SymbolKind | undefined {
  switch (value.type) {
    case 'arrow_function':
    case 'function_expression':
    case 'generator_function':
      return 'function';
    case 'class':
      return 'class';
    default:
      return undefined;
  }
}

/** "d" for "a.b.d", "A::d" and "#d". */
function simpleName(name: string): string {
  return /[\p{L}\p{N}_$~]+(?=[^\p{L}\p{N}_$~]*$)/u.exec(name.replace(/<.*$|\(.*$/s, ''))?.[0] ?? '';
}

/** What others call a module that exports one thing: its file, or its folder for an index file. */
function moduleName(path: string): string {
  const parts = path.replace(/\.[^./]*$/, '').split('/');
  const last = parts.pop() ?? '';
  return last === 'index' ? (parts.pop() ?? last) : last;
}

/** A node that ends with a line end does not reach into the next line. */
function lastRow(node: Node): number {
  const { row, column } = node.endPosition;
  return column === 0 && row > node.startPosition.row ? row - 1 : row;
}

function markMethods(definitions: SymbolDefinition[]): void {
  const open: SymbolDefinition[] = [];
  for (const definition of definitions) {
    while (open.length > 0 && (open.at(-1)?.endLine ?? 0) < definition.startLine) {
      open.pop();
    }
    const around = open.at(-1)?.kind;
    if (definition.kind === 'function' && (around === 'class' || around === 'interface')) {
      definition.kind = 'method';
    }
    open.push(definition);
  }
}

function topLevelStarts(root: Node, text: string): Set<number> {
  const starts = new Set<number>();
  let previousWasImport = false;
  let previousEnd = -1;
  for (const child of root.namedChildren) {
    if (!child || child.type.includes('comment')) {
      continue;
    }
    const isImport =
      /import|using|include|package|use_/.test(child.type) ||
      /^[^\n]*=\s*require\s*\(/.test(text.slice(child.startIndex, child.startIndex + 200));
    const row = child.startPosition.row;
    // A list of imports belongs together; two statements on a line cannot be parted.
    if (!(isImport && previousWasImport) && row > previousEnd) {
      starts.add(row + 1);
    }
    previousWasImport = isImport;
    previousEnd = lastRow(child);
  }
  return starts;
}

const KEYWORDS: [SymbolKind, RegExp][] = [
  ['class', /\b(?:class|struct|object|defmodule|actor|contract)\s+([A-Za-z_][\w.]*)/],
  ['interface', /\b(?:interface|trait|protocol)\s+([A-Za-z_]\w*)/],
  ['enum', /\benum\s+(?:class\s+)?([A-Za-z_]\w*)/],
  ['type', /\b(?:typealias|type|newtype|data)\s+([A-Z]\w*)/],
  ['function', /\b(?:function|func|fun|fn|def|defp|sub|proc)\s+(?:[\w.]+[.:])?([A-Za-z_]\w*)/],
  ['variable', /^(?:export\s+)?(?:const|val|let|var)\s+([A-Za-z_]\w*)/],
];
const MODIFIERS =
  /^\s*(?:(?:export|default|public|private|protected|internal|static|abstract|final|sealed|open|override|async|pub|local|data|inline|suspend|case)\s+)*/;

/** Definitions that begin a line with a keyword; each reaches to the next line that is indented as little. */
function lineOutline(path: string, lines: string[]): Outline {
  const prose = /\.(md|mdx|markdown|rst|txt)$/i.test(path);
  const definitions: SymbolDefinition[] = [];
  const topLevelStarts = new Set<number>();
  lines.forEach((line, i) => {
    if (prose) {
      if (/^#{1,6}\s/.test(line)) {
        topLevelStarts.add(i + 1);
      }
      return;
    }
    const rest = line.slice(MODIFIERS.exec(line)?.[0].length ?? 0);
    const found = KEYWORDS.flatMap(([kind, pattern]) => {
      const match = pattern.exec(rest);
      const local = kind === 'variable' && indentOf(line) > 0;
      return match?.index === 0 && match[1] && !local ? [{ kind, name: simpleName(match[1]) }] : [];
    })[0];
    if (found) {
      definitions.push({ ...found, path, startLine: i + 1, endLine: blockEnd(lines, i) });
    }
    if (/^[A-Za-z_@[.#]/.test(line) && (found || (lines[i - 1] ?? '').trim() === '')) {
      topLevelStarts.add(i + 1);
    }
  });
  return { definitions, topLevelStarts };
}

function blockEnd(lines: string[], start: number): number {
  const indent = indentOf(lines[start] ?? '');
  let last = start + 1;
  for (let i = start + 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.trim() === '') {
      continue;
    }
    if (indentOf(line) <= indent) {
      return /^\s*(\}|\)|end\b)/.test(line) ? i + 1 : last;
    }
    last = i + 1;
  }
  return last;
}

/** Width of a line's leading white space. */
export function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
