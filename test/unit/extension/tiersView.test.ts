import assert from 'node:assert/strict';
import type { FileInTiers, TiersView } from '../../../server/protocol/tiers.js';
import type { Place } from '../../../extension/tiers/places.js';
import type { Server } from '../../../extension/server/server.js';
import type { TiersTree } from '../../../extension/tiers/tiersTree.js';
import { pressNext, runCommand, shownMessages } from './vscodeStub.js';

const { tiersView } = await import('../../../extension/tiers/tiersView.js');
const { budgetQuestion } = await import('../../../extension/tiers/questions.js');
const { placesOf } = await import('../../../extension/tiers/places.js');

const file = (path: string, more: Partial<FileInTiers> = {}): FileInTiers => ({
  ...{ path, tokens: 1000, tokensStored: 1000, bytes: 6e6, bytesInRam: 0, isOnDisk: true },
  ...{ staleChunks: 0, pinned: false, ...more },
});
const unread = { tokensStored: 0, bytes: 0, isOnDisk: false };

describe('what is done in the view of the tiers', () => {
  let asked: { name: string; params: unknown }[];
  let made: { dispose(): void };

  beforeEach(() => {
    asked = [];
    const server = {
      state: 'running',
      request: async ({ name }: { name: string }, params: unknown) => {
        asked.push({ name, params });
      },
    };
    const tree = { look: async () => undefined, seen: () => undefined };
    made = tiersView(server as unknown as Server, tree as unknown as TiersTree, {
      show: () => undefined,
    });
  });

  afterEach(() => made.dispose());

  const run = (command: string, place: Place): Promise<void> =>
    runCommand(`leoam.tiers.${command}`, { kind: 'place', place });

  it('asks before what is stored is dropped to be read again, and says how much is read', async () => {
    const root = placesOf('file:///shop', 'shop', [file('a.ts'), file('b.ts', unread)]);
    const shown = shownMessages.length;
    await run('rebuild', root);
    assert.deepEqual(asked, []);
    assert.deepEqual(shownMessages.slice(shown), [
      'Read 2,000 tokens again? The 6.0 MB of KV that is stored of them is dropped first.',
    ]);
    pressNext('Read Again');
    await run('rebuild', root);
    assert.deepEqual(
      asked.map(({ params }) => params),
      [{ folder: 'file:///shop', paths: ['/'] }],
    );
  });

  it('counts a file once that lies below a folder which is selected, too', async () => {
    const root = placesOf('file:///shop', 'shop', [file('src/a.ts'), file('src/b.ts')]);
    const [src] = root.children;
    assert.ok(src !== undefined);
    const selected = [src, ...src.children].map((place) => ({ kind: 'place', place }));
    pressNext('Read Again');
    await runCommand('leoam.tiers.rebuild', selected[1], selected);
    assert.match(shownMessages.at(-1) ?? '', /^Read 2,000 tokens again\? The 12\.0 MB /u);
    assert.deepEqual(
      asked.map(({ params }) => params),
      [{ folder: 'file:///shop', paths: ['src/'] }],
    );
  });

  it('does nothing, and says so, on a row that VS Code no longer knows', async () => {
    const { children } = placesOf('file:///shop', 'shop', [file('a.ts')]);
    const selected = children.map((place) => ({ kind: 'place', place }));
    await runCommand('leoam.tiers.pin', undefined, selected);
    assert.deepEqual(asked, []);
    assert.match(shownMessages.at(-1) ?? '', /drawn anew in that moment/u);
  });

  it('reads without a question what is not stored: nothing is lost', async () => {
    const shown = shownMessages.length;
    await run('rebuild', placesOf('file:///shop', 'shop', [file('a.ts', unread)]));
    assert.equal(asked.length, 1);
    assert.equal(shownMessages.length, shown);
  });

  it('asks before KV is dropped', async () => {
    const root = placesOf('file:///shop', 'shop', [file('a.ts')]);
    await run('drop', root);
    assert.deepEqual(asked, []);
    assert.match(shownMessages.at(-1) ?? '', /^Drop 6\.0 MB .* 1,000 tokens/u);
    pressNext('Drop');
    await run('drop', root);
    assert.equal(asked.length, 1);
  });

  it('says of a smaller budget what goes, without what is pinned, and what stays above it', () => {
    const asks = (pinnedBytes: number, budget: number): string | undefined =>
      budgetQuestion({ bytes: 4e9, pinnedBytes, tokens: 400_000 } as TiersView['disk'], budget);
    assert.equal(asks(0, 4e9), undefined);
    assert.equal(asks(4e9, 0), undefined);
    assert.match(
      asks(1e9, 1e9) ?? '',
      /^With this budget 3\.0 GB .* about 300,000 tokens, [^.]*\.$/u,
    );
    assert.match(
      asks(3e9, 1e9) ?? '',
      /^With this budget 1\.0 GB .* about 100,000 tokens, .* What is pinned stays, .*: 3\.0 GB\.$/u,
    );
    assert.match(asks(4e9, 1e9) ?? '', /^What is pinned stays, .*: 4\.0 GB\.$/u);
  });
});
