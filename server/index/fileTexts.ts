// Texts of indexed files, read when they are asked for and kept while there is room. A text
// that is not the indexed one any more is refused: its lines would be the wrong ones.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEntry } from './types.js';

const MAX_KEPT_CHARACTERS = 16 << 20;

export class FileTexts {
  /** In order of last use. */
  private readonly kept = new Map<string, string>();
  private characters = 0;
  /** By path: what files are taken to hold, whatever is on disk. */
  given: ReadonlyMap<string, string> = new Map();

  constructor(private readonly root: string) {}

  async read(entry: FileEntry): Promise<string> {
    const key = `${entry.hash} ${entry.path}`;
    let text = this.kept.get(key);
    if (text === undefined) {
      text = await this.load(entry);
      this.characters += text.length;
    } else {
      this.kept.delete(key);
    }
    this.kept.set(key, text);
    for (const [oldest, old] of this.kept) {
      if (this.characters <= MAX_KEPT_CHARACTERS || oldest === key) {
        break;
      }
      this.kept.delete(oldest);
      this.characters -= old.length;
    }
    return text;
  }

  private async load(entry: FileEntry): Promise<string> {
    const given = this.given.get(entry.path);
    if (given !== undefined) {
      return given;
    }
    let bytes: Buffer;
    try {
      bytes = await readFile(join(this.root, entry.path));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      throw stale(`${entry.path} cannot be read any more (${code}).`);
    }
    if (createHash('sha256').update(bytes).digest('hex') !== entry.hash) {
      throw stale(`${entry.path} changed after it was indexed.`);
    }
    return bytes.toString('utf8');
  }
}

function stale(what: string): Error & { code: 'stale' } {
  return Object.assign(new Error(`${what} Refresh the index and ask again.`), {
    code: 'stale' as const,
  });
}
