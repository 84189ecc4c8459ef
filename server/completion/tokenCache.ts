// Tokens of the pieces around a cursor. With each key all but one of them are what they were.

import type { NativeEngine } from '../engine/addon.js';

const kept = 128;

export class TokenCache {
  private readonly known = new Map<string, Int32Array>();

  constructor(private readonly engine: Pick<NativeEngine, 'tokenize'>) {}

  /** Control tokens in the texts are not recognised. */
  async of(texts: readonly string[]): Promise<Int32Array[]> {
    const missing = [...new Set(texts.filter((text) => !this.known.has(text)))];
    const made = missing.length === 0 ? [] : await this.engine.tokenize(missing, false);
    missing.forEach((text, index) => this.known.set(text, made[index] ?? new Int32Array()));
    const found = texts.map((text) => this.use(text));
    for (const text of this.known.keys()) {
      if (this.known.size <= kept) {
        break;
      }
      this.known.delete(text);
    }
    return found;
  }

  /** Moves it to the end of those that are dropped first. */
  private use(text: string): Int32Array {
    const tokens = this.known.get(text) ?? new Int32Array();
    this.known.delete(text);
    this.known.set(text, tokens);
    return tokens;
  }
}
