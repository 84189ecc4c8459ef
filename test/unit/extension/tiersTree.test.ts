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
});
