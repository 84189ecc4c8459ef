// Loads tree-sitter and its grammars, each once. Their files lie next to the bundle or in
// the installed package.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import treeSitter from '@vscode/tree-sitter-wasm';
import type { Language as Grammar, Parser, Query, Tree } from '@vscode/tree-sitter-wasm';
import { languageOf } from './languages.js';

const PARSE_LIMIT_MS = 3000;

/** A parser and its query for one language. */
export interface Reader {
  parse(text: string): Tree | undefined;
  query: Query;
}

let ready: Promise<string> | undefined;
const readers = new Map<string, Promise<Reader | undefined>>();

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
  const folder = await ready;
  const file = join(folder, `tree-sitter-${grammarName}.wasm`);
  if (!existsSync(file)) {
    return undefined;
  }
  const grammar: Grammar = await treeSitter.Language.load(file);
  const parser: Parser = new treeSitter.Parser();
  parser.setLanguage(grammar);
  return {
    parse: (text) => parse(parser, text),
    query: new treeSitter.Query(grammar, querySource),
  };
}

async function start(): Promise<string> {
  const folder = grammarFolder();
  await treeSitter.Parser.init({ locateFile: (file: string) => join(folder, file) });
  return folder;
}

function grammarFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = [join(here, 'tree-sitter'), here];
  const found = beside.find((folder) => existsSync(join(folder, 'tree-sitter.wasm')));
  return found ?? dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
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
