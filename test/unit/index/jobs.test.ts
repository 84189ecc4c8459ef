import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Priority,
  SegmentRequest,
  SegmentState,
  StoreStats,
} from '../../../server/engine/addon.js';
import { indexRepository, type SegmentReader } from '../../../server/index/jobs.js';
import { openRepository } from '../../../server/index/repository.js';
import type { RepositoryIndex } from '../../../server/index/types.js';
import { testFolder, type TestFolder } from '../workspace/folders.js';
import { openOptions, testTokenizer } from './fixtures.js';

const bytesPerToken = 100;

/** A store in memory. What it holds counts as stale once `age` was called. */
class MemoryStore implements SegmentReader {
  private readonly tokens = new Map<string, number>();
  private readonly stale = new Set<string>();
  /** Pinned with these bytes by other folders. */
  pinnedBytes = 0;

  constructor(private readonly budgetBytes: number) {}

  age(): void {
    [...this.tokens.keys()].forEach((key) => this.stale.add(key));
  }

  hasSegments(keys: string[]): Uint8Array {
    return Uint8Array.from(keys, (key) => (this.tokens.has(key) ? 1 : 0));
  }

  segmentStates(keys: string[]): Promise<(SegmentState | null)[]> {
    const rest = { bytes: 0, chunks: 1, precision: 'q8', lastUseMs: 0, pinned: false } as const;
    const states = keys.map((key): SegmentState | null => {
      const [tokens, staleChunks] = [this.tokens.get(key), Number(this.stale.has(key))];
      return tokens === undefined
        ? null
        : { ...rest, tokens, staleChunks, tier: 'disk', isOnDisk: true };
    });
    return Promise.resolve(states);
  }

  storeStats(): Promise<StoreStats> {
    const tokens = [...this.tokens.values()].reduce((sum, count) => sum + count, 0);
    const idle = {
      ramSegments: 0,
      ramBytes: 0,
      ramCopiedBytes: 0,
      pinnedBytes: this.pinnedBytes,
      ramBudgetBytes: 0,
      bytesRead: 0,
      bytesWritten: 0,
    };
    return Promise.resolve({
      ...{ ...idle, corrupt: 0, evicted: 0, budgetBytes: this.budgetBytes },
      ...{
        segments: this.tokens.size,
        bytes: tokens * bytesPerToken,
        tokens,
        chunks: this.tokens.size,
      },
    });
  }

  removeSegments(keys: string[]): Promise<void> {
    keys.forEach((key) => this.tokens.delete(key));
    return Promise.resolve();
  }

  readSegment(
    { key, tokens }: Pick<SegmentRequest, 'key' | 'tokens'>,
    _priority: Priority,
  ): ReturnType<SegmentReader['readSegment']> {
    this.tokens.set(key, tokens.length);
    this.stale.delete(key);
    const bytesWritten = tokens.length * bytesPerToken;
    const counts = { tokensComputed: tokens.length, tokensReused: 0, bytesWritten, staleChunks: 0 };
    return { promise: Promise.resolve(counts), cancel: () => undefined };
  }
}

describe('reading into a store with a budget', () => {
  let folder: TestFolder;
  let index: RepositoryIndex;

  beforeEach(async () => {
    folder = testFolder({
      'src/a.ts': 'export const a = 1;\n'.repeat(20),
      'src/b.ts': 'export const b = 2;\n'.repeat(30),
    });
    const { tokenize } = testTokenizer();
    const home = join(folder.root, '.home');
    index = await openRepository(openOptions(join(folder.root, 'src'), home, tokenize));
  });

  afterEach(async () => {
    await index.close();
    rmSync(folder.root, { recursive: true, force: true });
  });

  it('reads again, exactly, what fills the budget to the brim', async () => {
    const store = new MemoryStore(index.totalTokens * bytesPerToken);
    const first = await indexRepository({ index, engine: store });
    assert.equal(first.outOfBudget, false);
    store.age();
    const exact = await indexRepository({ index, engine: store, exact: true });
    assert.equal(exact.outOfBudget, false);
    assert.equal(exact.segmentsRead, index.segments().length);
    assert.equal(exact.tokensComputed, index.totalTokens);
  });

  it('reads nothing more of what is not wanted any longer, and keeps nothing of it', async () => {
    const store = new MemoryStore(Infinity);
    let isWanted = true;
    const read = store.readSegment.bind(store);
    store.readSegment = (request, priority) => {
      isWanted = false; // as it is read
      return read(request, priority);
    };
    const result = await indexRepository({ index, engine: store, isWanted: () => isWanted });
    assert.equal(result.segmentsRead, 0);
    assert.equal((await store.storeStats()).segments, 0);
  });

  it('reads for a question whatever the budget, and before all that is read ahead', async () => {
    const store = new MemoryStore(index.totalTokens * bytesPerToken - 1);
    const asked: string[] = [];
    const read = store.readSegment.bind(store);
    store.readSegment = (request, priority) => {
      asked.push(priority);
      return read(request, priority);
    };
    const result = await indexRepository({ index, engine: store, forQuestion: true });
    assert.equal(result.outOfBudget, false);
    assert.deepEqual(
      asked,
      index.segments().map(() => 'chat'),
    );
  });

  it('takes no room that other folders have pinned', async () => {
    const store = new MemoryStore(index.totalTokens * bytesPerToken + 500);
    store.pinnedBytes = 500;
    assert.equal((await indexRepository({ index, engine: store })).outOfBudget, false);
    const smaller = new MemoryStore(index.totalTokens * bytesPerToken + 500);
    smaller.pinnedBytes = 501;
    const result = await indexRepository({ index, engine: smaller });
    assert.equal(result.outOfBudget, true);
    assert.equal(result.segmentsRead, index.segments().length - 1);
  });

  it('ends before the segment that would exceed the budget', async () => {
    const store = new MemoryStore(index.totalTokens * bytesPerToken - 1);
    const result = await indexRepository({ index, engine: store });
    assert.equal(result.outOfBudget, true);
    assert.equal(result.segmentsRead, index.segments().length - 1);
  });
});
