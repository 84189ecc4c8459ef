// Loads tree-sitter and its grammars, each once. Both lie in the installed package, or in a
// folder `tree-sitter` next to the bundle.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as TreeSitter from '@vscode/tree-sitter-wasm';
import type { Parser, Query, QueryMatch, Tree } from '@vscode/tree-sitter-wasm';
import { languageOf } from './languages.js';

/** Of the library: there are inputs of some kilobytes that it would take 2 GiB for, and never give back. */
const memory = { page: 64 << 10, least: 32 << 20, most: 256 << 20 };

/** For parsing a file, and for finding in it what a query asks for. */
const LIMIT_MS = 3000;

/** A parser and its query for one language. Undefined is what takes it too long or too much memory. */
export interface Reader {
  /** The caller lets go of it. `limitMs`: what is too long. */
  parse(text: string, limitMs?: number): Tree | undefined;
  matches(tree: Tree): QueryMatch[] | undefined;
  letGo(tree: Tree): void;
}

let ready: Promise<Library> | undefined;
const readers = new Map<string, Promise<Reader | undefined>>();

interface Library {
  treeSitter: typeof TreeSitter;
  /** Of the grammars. */
  folder: string;
}

/**
 * The reader for a path; undefined where no grammar reads it. For one file: who keeps it may find it
 * to give nothing any more.
 */
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
  const query = new treeSitter.Query(grammar, querySource);
  return {
    parse: (text, limitMs = LIMIT_MS) => guarded(() => parse(parser, text, limitMs)),
    matches: (tree) => guarded(() => matches(query, tree)),
    letGo: (tree) => guarded(() => tree.delete()),
  };
}

/** Without memory the library aborts and works no more: the next file loads another one. */
function guarded<T>(run: () => T | undefined): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) {
      throw error;
    }
    ready = undefined;
    readers.clear();
    return undefined;
  }
}

async function start(): Promise<Library> {
  // Not part of the bundle: the library asks for its own file's name, which only a CommonJS
  // module has.
  const require = createRequire(import.meta.url);
  const beside = join(dirname(fileURLToPath(import.meta.url)), 'tree-sitter', 'tree-sitter.cjs');
  const file = existsSync(beside) ? beside : require.resolve('@vscode/tree-sitter-wasm');
  const folder = dirname(file);
  Reflect.deleteProperty(require.cache, require.resolve(file)); // one that was lost
  const treeSitter = require(file) as typeof TreeSitter;
  const options = {
    locateFile: (name: string) => join(folder, name),
    printErr: () => undefined, // it tells the terminal that it aborts
    wasmMemory: new WebAssembly.Memory({
      initial: memory.least / memory.page,
      maximum: memory.most / memory.page,
    }),
  };
  await treeSitter.Parser.init(options);
  return { treeSitter, folder };
}

function parse(parser: Parser, text: string, limitMs: number): Tree | undefined {
  const deadline = Date.now() + limitMs;
  const tree = parser.parse(text, null, { progressCallback: () => Date.now() > deadline });
  if (!tree) {
    parser.reset();
  }
  return tree ?? undefined;
}

/** A query takes the square of what an error spans: thousands of brackets that nothing closes. */
function matches(query: Query, tree: Tree): QueryMatch[] | undefined {
  const deadline = Date.now() + LIMIT_MS;
  let isLate = false;
  const found = query.matches(tree.rootNode, {
    progressCallback: () => (isLate ||= Date.now() > deadline),
  });
  return isLate ? undefined : found;
}
