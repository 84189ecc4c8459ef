// A real, if simple, tokeniser and the packages that tests read as repositories.

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { KeyParts, OpenOptions, Tokenize } from '../../../server/index/types.js';

const PIECES = /<\|\w+\|>|[A-Za-z_]+|\d|\s+|[^\sA-Za-z_\d]+/g;

export interface CountingTokenizer {
  tokenize: Tokenize;
  detokenize(tokens: Int32Array): string;
  /** Texts that were tokenised so far, without headers. */
  texts: number;
}

/** Splits into words, digits, white space and marks; the same piece is always the same token. */
export function testTokenizer(): CountingTokenizer {
  const ids = new Map<string, number>();
  const pieces: string[] = [];
  const tokenizer: CountingTokenizer = {
    texts: 0,
    tokenize: (texts, special) => {
      tokenizer.texts += special ? 0 : texts.length;
      const tokens = texts.map((text) => Int32Array.from(text.match(PIECES) ?? [], idOf));
      return Promise.resolve(tokens);
    },
    detokenize: (tokens) => Array.from(tokens, (token) => pieces[token]).join(''),
  };
  function idOf(piece: string): number {
    let id = ids.get(piece);
    if (id === undefined) {
      id = pieces.push(piece) - 1;
      ids.set(piece, id);
    }
    return id;
  }
  return tokenizer;
}

export const KEY_PARTS: KeyParts = {
  model: 'model-hash',
  tokenizer: 'test',
  kvVersion: 1,
  precision: 'q8',
  preamble: 'preamble-hash',
};

export function openOptions(root: string, home: string, tokenize: Tokenize): OpenOptions {
  return { root, home, tokenize, header: (path) => `<|file_sep|>${path}\n`, keyParts: KEY_PARTS };
}

/** The folder of an installed development dependency: a real repository that is there offline. */
export function packageFolder(name: string): string {
  const require = createRequire(import.meta.url);
  const entry = require.resolve(name);
  const marker = `/node_modules/${name}/`;
  const unixEntry = entry.replaceAll('\\', '/');
  const end = unixEntry.lastIndexOf(marker);
  return end < 0 ? dirname(entry) : entry.slice(0, end + marker.length - 1);
}
