import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBelow, Pins } from '../../../server/index/pins.js';
import type { SegmentPlan } from '../../../server/index/types.js';
import { temporaryFolder } from '../../server/setup.js';

describe('pins', () => {
  const index = (...named: [path: string, key: string][]): { segments(): SegmentPlan[] } => ({
    segments: () =>
      named.map(([path, key]) => ({ path, key, part: 0, tokens: new Int32Array(), chunks: [] })),
  });

  /** Which keys a store would hold pinned. */
  class PinnedKeys {
    readonly keys = new Set<string>();
    async pinSegments(keys: string[], pinned: boolean): Promise<void> {
      keys.forEach((key) => (pinned ? this.keys.add(key) : this.keys.delete(key)));
    }
  }

  it('hold for what lies below, and the longest path counts', async () => {
    const pins = Pins.open(await temporaryFolder('pins'));
    pins.set(['src/'], true);
    pins.set(['src/old/', 'src/a.ts'], false);
    pins.set(['src/old/kept.ts'], true);
    const pinned = ['src/b.ts', 'src/a.ts', 'src/old/x.ts', 'src/old/kept.ts', 'README.md'].filter(
      (path) => pins.has(path),
    );
    assert.deepEqual(pinned, ['src/b.ts', 'src/old/kept.ts']);
    pins.set(['/'], true); // what was said of anything below is void
    assert.ok(pins.has('src/a.ts') && pins.has('README.md'));
    pins.set(['/'], false);
    assert.ok(!pins.has('src/old/kept.ts'));
  });

  it('does not take a file for a folder of the same beginning', () => {
    assert.ok(!isBelow('src/a', 'src/ab'));
    assert.ok(!isBelow('src/', 'src.ts'));
    assert.ok(isBelow('/', 'src.ts'));
  });

  it('follow an edit, and an end of the process before it is told', async () => {
    const folder = join(await temporaryFolder('pins'), 'of-a-repository');
    const store = new PinnedKeys();
    const before = Pins.open(folder);
    before.set(['a.ts'], true);
    await before.apply(index(['a.ts', '1'], ['b.ts', '2']), store);
    assert.deepEqual([...store.keys], ['1']);

    const after = Pins.open(folder); // another process, after an edit
    assert.ok(after.has('a.ts'));
    await after.apply(index(['a.ts', '3'], ['b.ts', '2']), store);
    assert.deepEqual([...store.keys], ['3']);

    const failing = { pinSegments: () => Promise.reject(new Error('the disk is full')) };
    after.set(['b.ts'], true);
    await assert.rejects(after.apply(index(['a.ts', '3'], ['b.ts', '2']), failing), /full/u);
    const again = Pins.open(folder);
    again.set(['/'], false);
    store.keys.add('2'); // as if it had been told before it failed
    await again.apply(index(['a.ts', '3'], ['b.ts', '2']), store);
    assert.deepEqual([...store.keys], []);
  });

  it('are set when they are said again, or after a restart, where setting them failed', async () => {
    const folder = join(await temporaryFolder('pins'), 'of-a-repository');
    const files = index(['a.ts', '1'], ['b.ts', '2']);
    const store = new PinnedKeys();
    const full = {
      pinSegments: (keys: string[], pinned: boolean): Promise<void> =>
        pinned && keys.length > 0
          ? Promise.reject(new Error('the disk is full'))
          : store.pinSegments(keys, pinned),
    };
    const pins = Pins.open(folder);
    pins.set(['a.ts'], true);
    await assert.rejects(pins.apply(files, full), /full/u);
    assert.ok(!pins.isPinned('a.ts', ['1']), 'said to be pinned, though it is not');

    const restarted = Pins.open(folder);
    assert.ok(!restarted.isPinned('a.ts', ['1']));
    await restarted.apply(files, store);
    assert.deepEqual([...store.keys], ['1']);
    assert.ok(restarted.isPinned('a.ts', ['1']) && !restarted.isPinned('b.ts', ['2']));
    assert.ok(Pins.open(folder).isPinned('a.ts', ['1']));

    store.keys.clear();
    pins.set(['a.ts'], true);
    await pins.apply(files, store);
    assert.deepEqual([...store.keys], ['1']);
    assert.ok(pins.isPinned('a.ts', ['1']));
  });

  it('end as they were said last, however long the store takes', async () => {
    const folder = join(await temporaryFolder('pins'), 'of-a-repository');
    const files = index(['a.ts', '1'], ['b.ts', '2']);
    const store = new PinnedKeys();
    const slow = {
      pinSegments: async (keys: string[], pinned: boolean): Promise<void> => {
        await sleep(pinned ? 20 : 1);
        await store.pinSegments(keys, pinned);
      },
    };
    const pins = Pins.open(folder);
    const say = (pinned: boolean): Promise<void> => {
      pins.set(['a.ts'], pinned);
      return pins.apply(files, slow);
    };
    await Promise.all([say(true), say(false)]);
    assert.deepEqual([...store.keys], []);
    await Promise.all([say(true), say(false), say(true)]);
    assert.deepEqual([...store.keys], ['1']);
    assert.ok(pins.isPinned('a.ts', ['1']));
    assert.ok(Pins.open(folder).isPinned('a.ts', ['1']));
  });

  it('are told although telling them failed before', async () => {
    const files = index(['a.ts', '1']);
    const store = new PinnedKeys();
    const failing = { pinSegments: () => Promise.reject(new Error('the disk is full')) };
    const pins = Pins.open(await temporaryFolder('pins'));
    pins.set(['a.ts'], true);
    const failed = pins.apply(files, failing);
    const told = pins.apply(files, store);
    await assert.rejects(failed, /full/u);
    await told;
    assert.deepEqual([...store.keys], ['1']);
  });

  it('of two processes on one folder count both, and nothing stays that nobody knows', async () => {
    const folder = join(await temporaryFolder('pins'), 'of-a-repository');
    const files = index(['a.ts', '1'], ['b.ts', '2']);
    const store = new PinnedKeys();
    const [one, other] = [Pins.open(folder), Pins.open(folder)];
    one.set(['a.ts'], true);
    await one.apply(files, store);
    other.set(['b.ts'], true);
    await other.apply(files, store);
    assert.deepEqual([...store.keys], ['1', '2']);
    assert.ok(other.isPinned('a.ts', ['1']));
    one.set(['/'], false);
    await one.apply(files, store);
    await other.apply(files, store);
    assert.deepEqual([...store.keys], []);
    assert.ok(!Pins.open(folder).has('b.ts') && !other.has('b.ts'));
  });

  it('go where what was kept was wiped, and heal where it was damaged', async () => {
    const folder = join(await temporaryFolder('pins'), 'of-a-repository');
    const store = new PinnedKeys();
    const pins = Pins.open(folder);
    pins.set(['a.ts'], true);
    await pins.apply(index(['a.ts', '1']), store);
    await writeFile(join(folder, 'pins'), 'damaged');
    await pins.apply(index(['a.ts', '1']), store);
    assert.ok(Pins.open(folder).isPinned('a.ts', ['1']));

    await rm(folder, { recursive: true });
    await pins.apply(index(['a.ts', '3']), store);
    assert.deepEqual([...store.keys], []);
    assert.ok(!pins.has('a.ts'));
  });

  it('are taken off although that cannot be kept', async () => {
    const folder = join(await temporaryFolder('pins'), 'of-a-repository');
    const store = new PinnedKeys();
    const pins = Pins.open(folder);
    pins.set(['a.ts'], true);
    await pins.apply(index(['a.ts', '1']), store);
    await rm(join(folder, 'pins'));
    await mkdir(join(folder, 'pins')); // nothing can take its place
    pins.set(['a.ts'], false);
    await assert.rejects(pins.apply(index(['a.ts', '1']), store));
    assert.deepEqual([...store.keys], []);
  });
});
