// A repository of a few lines a file for retrieval tests: one passage for every block.

import type {
  FileEntry,
  Passage,
  SearchHit,
  SymbolDefinition,
  SymbolKind,
} from '../../server/index/types.js';
import type { PassageSource } from '../../server/retrieval/source.js';

export interface Block {
  path: string;
  text: string;
  /** Names that the block's first line defines. */
  defines?: string[];
  /** Of these; functions where it is not said. */
  kind?: SymbolKind;
}

export interface FakeRepository extends PassageSource {
  all: Passage[];
}

const linesPerBlock = 10;

/**
 * Blocks of a file follow each other every ten lines, one chunk each. `search` returns
 * `hits` (indices of blocks) with falling scores.
 */
export function fakeRepository(
  blocks: readonly Block[],
  hits: readonly number[],
  imports: Record<string, string[]> = {},
): FakeRepository {
  const all: Passage[] = [];
  const definitions: SymbolDefinition[] = [];
  for (const [id, { path, defines, kind = 'function' }] of blocks.entries()) {
    const before = all.filter((passage) => passage.path === path).length;
    const startLine = 1 + before * linesPerBlock;
    const endLine = startLine + linesPerBlock - 1;
    all.push({
      id,
      path,
      startLine,
      endLine,
      startOffset: 0,
      endOffset: 0,
      part: 0,
      firstChunk: 1 + before,
      lastChunk: 2 + before,
      tokens: 100,
    });
    for (const name of defines ?? []) {
      definitions.push({ name, kind, path, startLine, endLine });
    }
  }
  return {
    all,
    files: [...new Set(all.map(({ path }) => path))].map(fileOf),
    passagesOf: (path) => all.filter((passage) => passage.path === path),
    search: async (_query, limit) =>
      hits.slice(0, limit).flatMap((index, place): SearchHit[] => {
        const passage = all[index];
        return passage === undefined ? [] : [{ passage, score: 10 - place }];
      }),
    passageAt: (path, line) =>
      all.find((p) => p.path === path && p.startLine <= line && line <= p.endLine),
    definitionsOf: (name) => definitions.filter((definition) => definition.name === name),
    importsOf: (path) => imports[path] ?? [],
    passageText: async (passage) => blocks[passage.id]?.text ?? '',
  };
}

function fileOf(path: string): FileEntry {
  return { path, bytes: 0, mtimeMs: 0, hash: '', lines: 0, tokens: 0 };
}
