import assert from 'node:assert/strict';
import {
  storedFile,
  type StoredFile,
  type StoredRun,
} from '../../../server/completion/storedFile.js';
import { keyOf, storedPath, storeOf, type StoreOptions } from './storedFiles.js';

/** 100 lines of 20 characters, in 25 chunks of 80 and 5 segments of 400. */
const disk = Array.from(
  { length: 100 },
  (_, i) => `line ${String(i).padStart(3, '0')} of it all.\n`,
).join('');
const limits = { prefixCharacters: 1000, suffixCharacters: 500 };
const chunk = 80;

const lookUp = (text: string, cursor: number, options: StoreOptions = {}): Promise<StoredFile> =>
  storedFile(storeOf(disk, options), storedPath, text, cursor, limits);

const textOf = (runs: readonly StoredRun[]): string => runs.map((run) => run.text).join('');

/** They follow each other, and are what stands on disk. */
function check(runs: readonly StoredRun[]): { start: number; end: number } {
  const start = runs[0]?.start ?? 0;
  const all = textOf(runs);
  assert.equal(all, disk.slice(start, start + all.length));
  return { start, end: start + all.length };
}

describe('what the store has of the file in the editor', () => {
  it('is what stands around the cursor on disk, up to the limits', async () => {
    for (let cursor = 0; cursor <= disk.length; cursor += 37) {
      const found = await lookUp(disk, cursor);
      const { start, end } = check(found.runs);
      assert.equal(found.cursor, cursor);
      assert.ok(start >= cursor - limits.prefixCharacters, `${cursor}`);
      assert.ok(start < Math.max(chunk, cursor - limits.prefixCharacters + chunk), `${cursor}`);
      assert.ok(end >= Math.min(disk.length, cursor + limits.suffixCharacters), `${cursor}`);
    }
  });

  it('names chunks of segments, in order, with as many tokens as they have', async () => {
    const { runs } = await lookUp(disk, 1310);
    const expected = [
      [0, 5],
      ...[1, 2, 3, 4].flatMap((part) => [1, 2, 3, 4, 5].map((at) => [part, at])),
    ];
    assert.deepEqual(
      runs.map(({ part, tokens }) => ({ ...part, tokens })),
      expected.map(([part = 0, first = 0]) => ({
        ...{ kind: 'chunks', key: keyOf(part), first, last: first + 1, tokens: 10 },
      })),
    );
  });

  it('is around the same place under an edit above, and over one below', async () => {
    for (const edit of [900, 1500]) {
      const text = `${disk.slice(0, edit)}// new\n${disk.slice(edit)}`;
      const at = edit < 1310 ? 1317 : 1310;
      const found = await lookUp(text, at);
      assert.equal(found.cursor, 1310);
      assert.deepEqual(found.runs, (await lookUp(disk, 1310)).runs);
    }
  });

  it('is around the same place while lines are typed there that are not on disk yet', async () => {
    const cursor = 1310;
    const typed = `${disk.slice(0, cursor)}abc\n  def${disk.slice(cursor)}`;
    const found = await lookUp(typed, cursor + 9);
    assert.deepEqual(found, await lookUp(disk, cursor));
  });

  it('is about there between edits above and below', async () => {
    const text = `${disk.slice(0, 900)}// new\n${disk.slice(900, 1500)}// new\n${disk.slice(1500)}`;
    const found = await lookUp(text, 1317);
    assert.ok(Math.abs(found.cursor - 1310) < 20, `${found.cursor}`);
    check(found.runs);
  });

  it('begins again where it began, as long as it can', async () => {
    const store = storeOf(disk);
    const from = async (cursor: number, start: number): Promise<number> =>
      check((await storedFile(store, storedPath, disk, cursor, limits, start)).runs).start;
    assert.equal(await from(1310, 160), 160);
    assert.equal(await from(1310, 560), 560);
    assert.equal(await from(1310, 1200), 320);
    assert.equal(await from(1900, 160), 960);
  });

  it('does not reach over a segment that the store lacks', async () => {
    const above = check((await lookUp(disk, 1310, { missing: [1] })).runs);
    assert.deepEqual([above.start, above.end], [800, disk.length]);
    const below = check((await lookUp(disk, 1010, { missing: [3] })).runs);
    assert.deepEqual([below.start, below.end], [80, 1200]);
  });

  it('is what stands before and behind the segment with the cursor where that is missing', async () => {
    const { runs } = await lookUp(disk, 1310, { missing: [3] });
    const starts = runs.map(({ start }) => start);
    assert.ok(starts.includes(1200 - chunk) && starts.includes(1600));
    assert.ok(!starts.some((start) => start >= 1200 && start < 1600));
  });

  it('is nothing where the store has none of its segments', async () => {
    assert.deepEqual((await lookUp(disk, 1310, { missing: [0, 1, 2, 3, 4] })).runs, []);
  });

  it('is nothing of a file that the index does not know, or that has changed on disk', async () => {
    const unknown = await storedFile(storeOf(disk), 'src/other.ts', disk, 1310, limits);
    assert.deepEqual(unknown.runs, []);
    assert.deepEqual((await lookUp(disk, 1310, { isStale: true })).runs, []);
  });

  describe('of its import statements', () => {
    const imports = "import a from './a.js';\n".repeat(6);
    const importing = `// First.\n\n${imports}${disk}`;
    const headOf = async (of: string, options?: StoreOptions): Promise<string> => {
      const { head } = await storedFile(storeOf(of, options), storedPath, of, of.length, limits);
      return textOf(head);
    };

    it('is whole chunks, from the first of them to the last', async () => {
      const head = await headOf(importing);
      assert.ok(importing.startsWith(head) && head.includes(imports));
      assert.ok(head.length < '// First.\n\n'.length + imports.length + 2 * chunk);
    });

    it('is up to the last one that is near enough', async () => {
      const head = await headOf(`${importing}import late from './late.js';\n`);
      assert.equal(head, await headOf(importing));
    });

    it('is nothing where a segment of it is missing, or there are none', async () => {
      assert.equal(await headOf(importing, { missing: [0] }), '');
      assert.equal(await headOf(importing, { chunksPerSegment: 1, missing: [1] }), '');
      assert.equal(await headOf(disk), '');
    });
  });
});
