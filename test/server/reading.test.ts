import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAssistant, openRepositoryFor, type Assistant } from '../../server/assistant.js';
import type { SegmentRequest } from '../../server/engine/addon.js';
import {
  estimateIndex,
  indexRepository,
  type IndexProgress,
  type SegmentReader,
} from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { homeWithModel, smallModel, temporaryRepository } from './setup.js';

/** More than one segment, of functions that an edit can tell apart. */
const functions = Array.from(
  { length: 36 },
  (_, i) =>
    `export function f${i}(a: number) {\n${`  a += use(a, ${i});\n`.repeat(3)}  return a;\n}\n\n`,
);

const files = { 'long.ts': functions.join(''), 'small.ts': 'export const a = 1;\n' };

describe('reading a repository into the store @slow', function () {
  this.timeout(120_000);
  let assistant: Assistant;
  let index: RepositoryIndex;
  let requests: SegmentRequest[];
  let reader: SegmentReader;

  // Each test has a home of its own: what one has stored the next must compute.
  beforeEach(async () => {
    assistant = await openAssistant({ home: await homeWithModel(), model: smallModel, threads: 2 });
    index = await openRepositoryFor(assistant, await temporaryRepository(files));
    const engine = assistant.engine.native;
    requests = [];
    reader = {
      hasSegments: (keys) => engine.hasSegments(keys),
      segmentStates: (keys) => engine.segmentStates(keys),
      storeStats: () => engine.storeStats(),
      removeSegments: (keys) => engine.removeSegments(keys),
      readSegment: (request, priority) => {
        requests.push(request);
        return engine.readSegment(request, priority);
      },
    };
  });

  afterEach(async () => {
    await index.close();
    await assistant.dispose();
  });

  it('reads everything once, in order of use, and says how far it is', async () => {
    const rates = { kvBytesPerToken: 10, tokensPerSecond: 50 };
    const before = estimateIndex(index, reader, rates);
    assert.equal(before.tokensToCompute, index.totalTokens);
    assert.equal(before.bytes, index.totalTokens * 10);
    assert.equal(before.seconds, index.totalTokens / 50);

    const told: IndexProgress[] = [];
    const onProgress = (progress: IndexProgress): void => void told.push(progress);
    const result = await indexRepository({ index, engine: reader, onProgress });
    assert.deepEqual(
      requests.map(({ key }) => key),
      index.segments().map(({ key }) => key),
    );
    assert.equal(requests[0]?.key, index.segmentsOf('small.ts')[0]?.key);
    assert.equal(result.tokensComputed, index.totalTokens);
    assert.equal(result.filesDone, 2);
    const last = told.at(-1);
    assert.equal(last?.filesDone, 2);
    assert.equal(last.tokensDone, index.totalTokens);
    assert.equal(last.secondsLeft, 0);
    assert.ok((last.tokensPerSecond ?? 0) > 0);

    const again = await indexRepository({ index, engine: reader });
    assert.equal(again.tokensComputed, 0);
    assert.equal(again.tokensReused, index.totalTokens);
    assert.equal(again.filesDone, 2);
    const after = estimateIndex(index, reader, rates);
    assert.deepEqual([after.segments, after.tokensToCompute, after.bytes], [0, 0, 0]);
    assert.equal(after.tokensStored, index.totalTokens);
  });

  it('computes only the chunks near a one-line edit, and headers alone of a renamed file', async () => {
    await indexRepository({ index, engine: reader });
    const edited = [...functions];
    edited[20] = (edited[20] ?? '').replace('return a', 'return a + 1');
    await writeFile(join(index.root, 'long.ts'), edited.join(''));
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

    const parts = index.segmentsOf('long.ts').length;
    await rename(join(index.root, 'long.ts'), join(index.root, 'other.ts'));
    const changes = await index.refresh();
    assert.deepEqual(changes.renamed, [{ from: 'long.ts', to: 'other.ts' }]);
    const renamed = await indexRepository({ index, engine: reader });
    assert.equal(renamed.segmentsRead, parts);
    assert.ok(renamed.tokensComputed <= parts * 12, `${renamed.tokensComputed}`);
  });

  it('keeps what is done when it is cancelled, and carries on', async () => {
    const controller = new AbortController();
    const { readSegment } = reader;
    reader.readSegment = (request, priority) => {
      if (requests.length === 1) setTimeout(() => controller.abort(), 5);
      return readSegment(request, priority);
    };
    const first = await indexRepository({ index, engine: reader, signal: controller.signal });
    assert.equal(first.cancelled, true);
    const keys = index.segments().map(({ key }) => key);
    const kept = reader.hasSegments(keys).filter((bit) => bit === 1).length;
    assert.ok(kept >= 1 && kept < keys.length, `${kept} of ${keys.length}`);
    const second = await indexRepository({ index, engine: reader });
    assert.equal(second.segmentsRead, keys.length - kept);
    assert.equal(second.cancelled, false);
  });

  it('ends where the budget has no room for more, and keeps what is most useful', async () => {
    const first = index.segmentsOf('small.ts')[0]?.key ?? '';
    await assistant.engine.native.setStoreBudget(1_000_000);
    const result = await indexRepository({ index, engine: reader });
    assert.equal(result.outOfBudget, true);
    assert.ok(result.segmentsRead < index.segments().length, `${result.segmentsRead}`);
    assert.equal((await assistant.engine.storeStats()).evicted, 0);
    assert.deepEqual(assistant.engine.hasSegments([first]), [true]);
  });

  it('passes on what the engine fails with', async () => {
    await assistant.dispose();
    await assert.rejects(indexRepository({ index, engine: reader }), /disposed|closed/i);
  });
});
