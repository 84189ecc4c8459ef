import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import './vscodeStub.js';
import type { PlaceNode } from '../../../extension/tiers/places.js';
import type { Server } from '../../../extension/server/server.js';
import type { FileInTiers, TiersView } from '../../../server/protocol/tiers.js';

const { TiersTree } = await import('../../../extension/tiers/tiersTree.js');

const file = (path: string, bytes: number): FileInTiers => ({
  ...{ path, tokens: 1000, tokensStored: 1000, bytes, bytesInRam: 0, isOnDisk: true },
  ...{ staleChunks: 0, pinned: false },
});

/** Of one folder with files of so many MB. */
function viewOf(megabytes: Record<string, number>, sessionBytes = 0): TiersView {
  const files = Object.entries(megabytes).map(([path, size]) => file(path, size * 1e6));
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  return {
    ram: {
      ...{ sessionBytes, sessionTokens: 0, segmentBytes: 0, segmentBudgetBytes: 0 },
      ...{ segments: 0, refusedBytes: 0 },
    },
    disk: {
      ...{ bytes, pinnedBytes: 0, budgetBytes: 0, segments: 1, chunks: 1, tokens: 1000 },
      ...{ bytesRead: 0, bytesWritten: 0, evicted: 0, damaged: 0 },
    },
    answers: [],
    folders: [{ uri: 'file:///shop', files }],
  };
}

describe('the tree of the tiers', function () {
  this.timeout(10_000);

  it('looks again each second while an answer is produced, and no longer', async () => {
    let asked = 0;
    let state = 'answering';
    const server = {
      state: 'running',
      get status() {
        return { state };
      },
      onDidChange: () => ({ dispose: () => undefined }),
      request: async () => viewOf({ 'a.ts': ++asked }),
    };
    const tree = new TiersTree(server as unknown as Server);
    let drawn = 0;
    tree.onDidChangeTreeData(() => drawn++);
    tree.seen(true);
    await sleep(1500);
    assert.equal(asked, 2);
    assert.equal(drawn, 2);
    state = 'ready';
    await sleep(2500);
    assert.equal(asked, 3); // the last figures of the answer
    tree.dispose();
  });

  it('looks once more, at once, where something was done while it looked', async () => {
    const looks: (() => void)[] = [];
    const server = {
      ...{ state: 'running', status: { state: 'ready' } },
      onDidChange: () => ({ dispose: () => undefined }),
      request: () =>
        new Promise((resolve) => looks.push(() => resolve(viewOf({ 'a.ts': looks.length })))),
    };
    const tree = new TiersTree(server as unknown as Server);
    tree.seen(true);
    await tree.look(); // after a file was pinned
    await tree.look();
    assert.equal(looks.length, 1);
    looks[0]?.();
    await sleep(50);
    assert.equal(looks.length, 2);
    looks[1]?.();
    await sleep(50);
    assert.equal(looks.length, 2);
    assert.equal(tree.view?.disk.bytes, 2e6);
    tree.dispose();
  });

  it('draws anew no row but those that look otherwise, and keeps which row is which', async () => {
    let view = viewOf({ 'a.ts': 4, 'src/b.ts': 2, 'src/c.ts': 1 });
    const server = {
      ...{ state: 'running', status: { state: 'ready' } },
      onDidChange: () => ({ dispose: () => undefined }),
      request: async () => view,
    };
    const tree = new TiersTree(server as unknown as Server);
    const drawn: (string[] | undefined)[] = [];
    const nameOf = (row: PlaceNode): string => (row.kind === 'place' ? row.place.path : row.kind);
    tree.onDidChangeTreeData((rows) => drawn.push(rows?.map(nameOf)));
    const allRows = (row?: PlaceNode): PlaceNode[] =>
      tree.getChildren(row).flatMap((child) => [child, ...allRows(child)]);
    await tree.look();
    const rows = allRows();
    const order = ['gpu', 'ram', 'disk', '/', 'a.ts', 'src/', 'src/b.ts', 'src/c.ts'];
    assert.deepEqual(rows.map(nameOf), order);

    view = viewOf({ 'a.ts': 4, 'src/b.ts': 2, 'src/c.ts': 1 }, 7e6);
    await tree.look();
    view = viewOf({ 'a.ts': 4, 'src/b.ts': 1, 'src/c.ts': 2 }, 7e6);
    await tree.look();
    const last = viewOf({ 'a.ts': 4, 'src/b.ts': 1, 'src/c.ts': 2, 'src/d.ts': 0 }, 7e6);
    view = last;
    await tree.look();
    assert.deepEqual(drawn, [undefined, ['ram'], ['src/'], ['/']]);
    const again = allRows();
    assert.deepEqual(
      rows.filter((row) => !again.includes(row)),
      [],
    );
    server.state = 'stopped';
    await tree.look();
    assert.deepEqual([drawn.at(-1), tree.getChildren()], [undefined, []]);
    assert.equal(drawn.length, 5);
    tree.dispose();
  });
});
