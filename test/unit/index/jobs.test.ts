import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import {
  estimateIndex,
  indexRepository,
  type IndexProgress,
  type SegmentReader,
} from '../../../server/index/jobs.js';
import { openRepository } from '../../../server/index/repository.js';
import { hashTokens } from '../../../server/index/plan.js';
import type { RepositoryIndex } from '../../../server/index/types.js';
import type { Job, SegmentRequest, SegmentResult } from '../../../server/engine/addon.js';
import { testFolder, type TestFolder } from '../workspace/folders.js';
import { openOptions, testTokenizer } from './fixtures.js';

/** Keeps what it was asked to read, and finds equal chunks in the base as the engine does. */
class FakeReader implements SegmentReader {
  readonly stored = new Map<string, { request: SegmentRequest; stale: number }>();
  readonly requests: SegmentRequest[] = [];
  beforeRead: () => void = () => undefined;

  hasSegments(keys: string[]): Uint8Array {
    return Uint8Array.from(keys, (key) => (this.stored.has(key) ? 1 : 0));
  }

  staleChunks(key: string): number | undefined {
    return this.stored.get(key)?.stale;
  }

  readSegment(request: SegmentRequest): Job<SegmentResult> {
    this.requests.push(request);
    this.beforeRead();
    let cancelled = false;
    const read = async (): Promise<SegmentResult> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (cancelled) {
        throw Object.assign(new Error('cancelled'), { code: 'cancelled' });
      }
      const base = request.base === undefined ? undefined : this.stored.get(request.base);
      const known = new Set(base ? chunksOf(base.request) : []);
      const reused = chunksOf(request).filter((chunk) => known.has(chunk));
      const tokensReused = reused.reduce((sum, chunk) => sum + Number(chunk.split(':')[1]), 0);
      this.stored.set(request.key, { request, stale: reused.length });
      return {
        tokensComputed: request.tokens.length - tokensReused,
        tokensReused,
        bytesWritten: request.tokens.length * 100,
        staleChunks: reused.length,
      };
    };
    return { promise: read(), cancel: () => (cancelled = true) };
  }
}

function chunksOf({ tokens, chunkEnds }: SegmentRequest): string[] {
  return Array.from(chunkEnds, (end, i) => {
    const chunk = tokens.subarray(chunkEnds[i - 1] ?? 0, end);
    return `${hashTokens(chunk)}:${chunk.length}`;
  });
}

describe('reading a repository into the store', () => {
  let home: TestFolder;
  let folder: TestFolder;
  let index: RepositoryIndex;
  let reader: FakeReader;
  const long = Array.from(
    { length: 120 },
    (_, i) =>
      `export function f${i}(a: number) {\n${`  a += use(a, ${i});\n`.repeat(4)}  return a;\n}\n\n`,
  );

  beforeEach(async () => {
    home = testFolder();
    folder = testFolder({ 'long.ts': long.join(''), 'small.ts': 'export const a = 1;\n' });
    index = await openRepository(openOptions(folder.root, home.root, testTokenizer().tokenize));
    reader = new FakeReader();
  });

  afterEach(async () => {
    await index.close();
    folder.remove();
    home.remove();
  });

  it('reads everything once, in order of use', async () => {
    const result = await indexRepository({ index, engine: reader });
    assert.deepEqual(
      reader.requests.map(({ key }) => key),
      index.segments().map(({ key }) => key),
    );
    assert.equal(reader.requests[0]?.key, index.segmentsOf('small.ts')[0]?.key);
    assert.equal(result.tokensComputed, index.totalTokens);
    assert.equal(result.filesDone, 2);
    const again = await indexRepository({ index, engine: reader });
    assert.equal(again.tokensComputed, 0);
    assert.equal(again.tokensReused, index.totalTokens);
    assert.equal(again.filesDone, 2);
  });

  it('says before what it will cost', async () => {
    const rates = { kvBytesPerToken: 10, tokensPerSecond: 50 };
    const before = estimateIndex(index, reader, rates);
    assert.equal(before.tokensToCompute, index.totalTokens);
    assert.equal(before.bytes, index.totalTokens * 10);
    assert.equal(before.seconds, index.totalTokens / 50);
    await indexRepository({ index, engine: reader });
    assert.deepEqual(estimateIndex(index, reader, rates), {
      files: 0,
      segments: 0,
      tokensToCompute: 0,
      tokensStored: index.totalTokens,
      bytes: 0,
      seconds: 0,
    });
  });

  it('computes only the chunks near a one-line edit, later all of the file exactly', async () => {
    await indexRepository({ index, engine: reader });
    const edited = [...long];
    edited[60] = (edited[60] ?? '').replace('return a', 'return a + 1');
    folder.write('long.ts', edited.join(''));
    await index.refresh();
    const quick = await indexRepository({ index, engine: reader });
    assert.equal(quick.segmentsRead, 1);
    assert.ok(quick.tokensComputed > 0 && quick.tokensComputed < 150, `${quick.tokensComputed}`);
    assert.equal(quick.staleSegments, 1);
    const exact = await indexRepository({ index, engine: reader, exact: true });
    assert.equal(exact.segmentsRead, 1);
    assert.equal(exact.tokensReused + exact.tokensComputed, index.totalTokens);
    assert.equal(exact.staleSegments, 0);
    const nothing = await indexRepository({ index, engine: reader, exact: true });
    assert.equal(nothing.segmentsRead, 0);
  });

  it('computes only headers for a renamed file', async () => {
    await indexRepository({ index, engine: reader });
    const parts = index.segmentsOf('long.ts').length;
    renameSync(join(folder.root, 'long.ts'), join(folder.root, 'other.ts'));
    const changes = await index.refresh();
    assert.deepEqual(changes.renamed, [{ from: 'long.ts', to: 'other.ts' }]);
    const result = await indexRepository({ index, engine: reader });
    assert.equal(result.segmentsRead, parts);
    assert.ok(result.tokensComputed <= parts * 12, `${result.tokensComputed}`);
  });

  it('keeps what is done when it is cancelled, and carries on', async () => {
    const controller = new AbortController();
    reader.beforeRead = () => {
      if (reader.requests.length === 3) {
        controller.abort();
      }
    };
    const first = await indexRepository({ index, engine: reader, signal: controller.signal });
    assert.equal(first.cancelled, true);
    const kept = reader.stored.size;
    assert.ok(kept >= 2);
    reader.beforeRead = () => undefined;
    const second = await indexRepository({ index, engine: reader });
    assert.equal(second.segmentsRead, index.segments().length - kept);
    assert.equal(second.cancelled, false);
  });

  it('tells progress with speed and time left', async () => {
    const told: IndexProgress[] = [];
    await indexRepository({ index, engine: reader, onProgress: (p) => told.push(p) });
    const last = told.at(-1);
    assert.equal(last?.filesDone, 2);
    assert.equal(last?.tokensDone, index.totalTokens);
    assert.equal(last?.secondsLeft, 0);
    assert.ok((last?.tokensPerSecond ?? 0) > 0);
  });

  it('passes on what the engine fails with', async () => {
    reader.readSegment = () => ({
      promise: Promise.reject(new Error('out of memory')),
      cancel: () => undefined,
    });
    await assert.rejects(indexRepository({ index, engine: reader }), /out of memory/);
  });
});
