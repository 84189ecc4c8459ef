// Loads tree-sitter and its grammars, each once. Both lie in the installed package, or in a
// folder `tree-sitter` next to the bundle.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as TreeSitter from '@vscode/tree-sitter-wasm';
import type { Parser, Query, Tree } from '@vscode/tree-sitter-wasm';
import { languageOf } from './languages.js';

const PARSE_LIMIT_MS = 3000;

/** A parser and its query for one language. */
export interface Reader {
  parse(text: string): Tree | undefined;
  query: Query;
}

let ready: Promise<Library> | undefined;
const readers = new Map<string, Promise<Reader | undefined>>();

interface Library {
  treeSitter: typeof TreeSitter;
  /** Of the grammars. */
  folder: string;
}

/** The reader for a path; undefined where no grammar reads it. */
export function readerFor(path: string): Promise<Reader | undefined> {
  const language = languageOf(path);
  if (!language) {
    return Promise.resolve(undefined);
  }
  let reader = readers.get(language.grammar);
  if (!reader) {
    reader = load(language.grammar, language.query);
    readers.set(language.grammar, reader);
  }
  return reader;
}

async function load(grammarName: string, querySource: string): Promise<Reader | undefined> {
  ready ??= start();
  const { treeSitter, folder } = await ready;
  const file = join(folder, `tree-sitter-${grammarName}.wasm`);
  if (!existsSync(file)) {
    return undefined;
  }
  const grammar = await treeSitter.Language.load(file);
  const parser = new treeSitter.Parser();
  parser.setLanguage(grammar);
  return {
    parse: (text) => parse(parser, text),
    query: new treeSitter.Query(grammar, querySource),
  };
}

async function start(): Promise<Library> {
  // Not part of the bundle: the library asks for its own file's name, which only a CommonJS
  // module has.
  const require = createRequire(import.meta.url);
  const beside = join(dirname(fileURLToPath(import.meta.url)), 'tree-sitter', 'tree-sitter.cjs');
  const file = existsSync(beside) ? beside : require.resolve('@vscode/tree-sitter-wasm');
  const folder = dirname(file);
  const treeSitter = require(file) as typeof TreeSitter;
  await treeSitter.Parser.init({ locateFile: (name: string) => join(folder, name) });
  return { treeSitter, folder };
}

/** Undefined when the file takes the parser too long. */
function parse(parser: Parser, text: string): Tree | undefined {
  const deadline = Date.now() + PARSE_LIMIT_MS;
  const tree = parser.parse(text, null, { progressCallback: () => Date.now() > deadline });
  if (!tree) {
    parser.reset();
  }
  return tree ?? undefined;
}
