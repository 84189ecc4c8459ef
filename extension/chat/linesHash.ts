// Whether cited lines still are what they were, by their hash.

import { createHash } from 'node:crypto';
import type { StoredSource } from './storedChat.js';

/** Text of a file; undefined when there is none. */
export type TextOf = (path: string) => Promise<string | undefined>;

type Lines = Pick<StoredSource, 'path' | 'startLine' | 'endLine'>;

/**
 * The sources with the hashes of their lines as `textOf` gives them. A passage that is among the
 * `known` keeps the hash that it has there.
 */
export async function withHashes<Source extends Lines>(
  sources: readonly Source[],
  textOf: TextOf,
  known: readonly StoredSource[] = [],
): Promise<(Source & { linesHash: string })[]> {
  const text = readOnce(textOf);
  return Promise.all(
    sources.map(async (source) => {
      const before = known.find((other) => isSamePassage(other, source));
      return {
        ...source,
        linesHash: before?.linesHash ?? linesHash(await text(source.path), source),
      };
    }),
  );
}

/** Those whose lines are not what they were. */
export async function outdatedAmong(
  sources: readonly StoredSource[],
  textOf: TextOf,
): Promise<StoredSource[]> {
  const text = readOnce(textOf);
  const hashes = await Promise.all(
    sources.map(async (source) => linesHash(await text(source.path), source)),
  );
  return sources.filter((source, i) => source.linesHash !== hashes[i]);
}

/** Empty when there is no text. */
function linesHash(text: string | undefined, { startLine, endLine }: Lines): string {
  if (text === undefined) {
    return '';
  }
  const lines = text.split(/\r?\n/u).slice(Math.max(0, startLine - 1), endLine);
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
}

function isSamePassage(a: Lines, b: Lines): boolean {
  return a.path === b.path && a.startLine === b.startLine && a.endLine === b.endLine;
}

/** Many passages lie in one file. */
function readOnce(textOf: TextOf): TextOf {
  const texts = new Map<string, Promise<string | undefined>>();
  return (path) => {
    const text = texts.get(path) ?? textOf(path);
    texts.set(path, text);
    return text;
  };
}
