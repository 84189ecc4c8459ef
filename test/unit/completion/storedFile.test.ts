import assert from 'node:assert/strict';
import { storedFile, type StoredFile } from '../../../server/completion/storedFile.js';
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

const textOf = ({ before }: StoredFile): string =>
  before?.runs.map((run) => run.text).join('') ?? '';

describe('what the store has of the file in the editor', () => {
  it('is what stands before and behind the cursor, as it is on disk', async () => {
    const cursor = 1310; // in line 65
    const { before, behind } = await lookUp(disk, cursor);
    assert.ok(before !== undefined && behind !== undefined);
    assert.equal(before.end, 1280);
    assert.ok(before.start >= cursor - limits.prefixCharacters);
    assert.ok(before.start < cursor - limits.prefixCharacters + chunk);
    assert.equal(textOf({ before }), disk.slice(before.start, before.end));
    assert.ok(disk.indexOf(behind.text) >= cursor);
    assert.ok(disk.indexOf(behind.text) < cursor + chunk);
  });

  it('names chunks of segments, in order, with as many tokens as they have', async () => {
    const { before } = await lookUp(disk, 1310);
    const expected = [
      [0, 5],
      ...[1, 2].flatMap((part) => [1, 2, 3, 4, 5].map((at) => [part, at])),
      [3, 1],
    ];
    assert.deepEqual(
      before?.runs.map(({ part, tokens }) => ({ ...part, tokens })),
      expected.map(([part = 0, first = 0]) => ({
        ...{ kind: 'chunks', key: keyOf(part), first, last: first + 1, tokens: 10 },
      })),
    );
  });

  it('never reaches over the cursor', async () => {
    for (let cursor = 0; cursor <= disk.length; cursor += 37) {
      const { before, behind } = await lookUp(disk, cursor);
      assert.ok((before?.end ?? 0) <= cursor);
      assert.ok(behind === undefined || disk.indexOf(behind.text) >= cursor);
      assert.equal(
        textOf(before === undefined ? {} : { before }),
        disk.slice(before?.start ?? 0, before?.end ?? 0),
      );
    }
  });

  it('begins at most a chunk behind the cursor, and is one run of one segment', async () => {
    for (let cursor = 0; cursor < disk.length - chunk; cursor += 37) {
      const { behind } = await lookUp(disk, cursor);
      assert.ok(behind !== undefined && behind.text.length > 0, `${cursor}`);
      assert.ok(disk.indexOf(behind.text) - cursor < chunk, `${cursor}`);
      assert.ok(behind.text.length <= limits.suffixCharacters);
      assert.equal(behind.tokens, (behind.text.length / chunk) * 10);
    }
  });

  it('ends before an edit that stands above the cursor', async () => {
    const edit = 900;
    const text = `${disk.slice(0, edit)}// new\n${disk.slice(edit)}`;
    const { before, behind } = await lookUp(text, 1310);
    assert.equal(before?.end, 880);
    assert.equal(textOf({ before: before }), text.slice(before.start, before.end));
    assert.ok(text.indexOf(behind!.text) >= 1310);
  });

  it('begins behind an edit that stands below the cursor', async () => {
    const edit = 1500;
    const text = `${disk.slice(0, edit)}// new\n${disk.slice(edit)}`;
    const { before, behind } = await lookUp(text, 1310);
    assert.equal(before?.end, 1280);
    assert.ok(text.indexOf(behind!.text) >= edit, `${text.indexOf(behind!.text)}`);
    assert.ok(text.includes(behind!.text));
  });

  it('is the same while lines are typed at the cursor that are not on disk yet', async () => {
    const cursor = 1310;
    const typed = `${disk.slice(0, cursor)}abc\n  def${disk.slice(cursor)}`;
    const { before, behind } = await lookUp(typed, cursor + 9);
    const first = await lookUp(disk, cursor);
    assert.deepEqual(before, first.before);
    assert.deepEqual(behind, first.behind);
  });

  it('is not taken over a segment that the store lacks', async () => {
    const { before, behind } = await lookUp(disk, 1310, { missing: [1] });
    assert.ok(before !== undefined && behind !== undefined);
    assert.ok(before.start >= 800, `${before.start}`);
    assert.equal(textOf({ before }), disk.slice(before.start, before.end));
  });

  it('is what stands before the segment with the cursor where that is not there', async () => {
    const { before } = await lookUp(disk, 1310, { missing: [3] });
    assert.equal(before?.end, 1200);
    assert.equal(textOf({ before: before }), disk.slice(before.start, before.end));
  });

  it('is nothing where the store has none of its segments', async () => {
    assert.deepEqual(await lookUp(disk, 1310, { missing: [0, 1, 2, 3, 4] }), {});
  });

  it('is nothing of a file that the index does not know, or that has changed on disk', async () => {
    const unknown = await storedFile(storeOf(disk), 'src/other.ts', disk, 1310, limits);
    assert.deepEqual(unknown, {});
    assert.deepEqual(await lookUp(disk, 1310, { isStale: true }), {});
  });

  it('is nothing before the cursor where the file was written anew', async () => {
    const { before, behind } = await lookUp('all of it is new\nand shorter\n', 10);
    assert.equal(before, undefined);
    assert.equal(behind, undefined);
  });
});
