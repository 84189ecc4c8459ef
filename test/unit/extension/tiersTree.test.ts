import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import './vscodeStub.js';
import type { Server } from '../../../extension/server/server.js';

const { TiersTree } = await import('../../../extension/tiers/tiersTree.js');

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
      request: async () => ({ disk: { bytes: ++asked } }),
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
        new Promise((resolve) => looks.push(() => resolve({ disk: { bytes: looks.length } }))),
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
    assert.equal(tree.view?.disk.bytes, 2);
    tree.dispose();
  });
});
