// Answers that were measured before, so that a bench that was interrupted goes on and one
// that has more modes or questions measures only those. A row counts again only under the very
// same key: for a question its prompt (tokens and the keys of its stored chunks, which hold model,
// KV version, precision and path) and the accepted answers, for a hole the program, the files and
// the mode. What no prompt shows is the build of
// the engine: each row remembers it, and the report says how many rows are of another one.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Turn } from '../../server/chat/turn.js';
import type { EvalRow } from '../../server/cli/eval.js';
import { findAddon } from '../../server/engine/load.js';
import { projectRoot } from '../quality/load.js';

export interface CachedRow<Row = EvalRow> {
  key: string;
  /** Hash of the addon that answered. */
  build: string;
  row: Row;
}

export class RowCache<Row = EvalRow> {
  private constructor(
    private readonly file: string,
    private readonly rows: Map<string, CachedRow<Row>>,
    readonly build: string,
  ) {}

  /** Opens the file of rows; a last line that was cut off is ignored. `reuse`: which old rows count. */
  static async open<Row = EvalRow>(
    file: string,
    reuse: 'all' | 'sameBuild' | 'none',
  ): Promise<RowCache<Row>> {
    await mkdir(path.dirname(file), { recursive: true });
    const build = await addonHash();
    const rows = new Map<string, CachedRow<Row>>();
    if (reuse !== 'none' && existsSync(file)) {
      for (const line of (await readFile(file, 'utf8')).split('\n')) {
        const cached = parseRow<Row>(line);
        if (cached !== undefined && (reuse === 'all' || cached.build === build)) {
          rows.set(cached.key, cached);
        }
      }
    }
    return new RowCache(file, rows, build);
  }

  get(key: string): CachedRow<Row> | undefined {
    return this.rows.get(key);
  }

  async add(key: string, row: Row): Promise<CachedRow<Row>> {
    const cached = { key, build: this.build, row };
    this.rows.set(key, cached);
    await appendFile(this.file, `\n${JSON.stringify(cached)}`);
    return cached;
  }
}

/** Names everything that decides an answer, as far as the prompt shows it. */
export function rowKey(
  turn: Pick<Turn, 'parts' | 'questionPart' | 'repairShare'>,
  others: readonly (string | number | readonly string[] | undefined)[],
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([turn.questionPart, turn.repairShare, ...others]));
  for (const part of turn.parts) {
    hash.update(part.kind);
    if (part.kind === 'chunks') {
      hash.update(`${part.key} ${String(part.first)} ${String(part.last)} `);
    } else {
      hash.update(part.tokens);
    }
  }
  return hash.digest('hex');
}

function parseRow<Row>(line: string): CachedRow<Row> | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as CachedRow<Row>);
  } catch {
    return undefined;
  }
}

async function addonHash(): Promise<string> {
  const addon = findAddon(path.join(projectRoot(), 'out', 'server', 'engine'));
  if (addon === undefined) {
    return 'none';
  }
  return createHash('sha256')
    .update(await readFile(addon))
    .digest('hex')
    .slice(0, 16);
}
