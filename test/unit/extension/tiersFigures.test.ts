import assert from 'node:assert/strict';
import './vscodeStub.js';
import type { FileInTiers, TiersView } from '../../../server/protocol/tiers.js';

const { diskText, placeText, placeTooltip, ramText } = await import(
  '../../../extension/tiers/figures.js'
);
const { placesOf } = await import('../../../extension/tiers/places.js');

const lines = (more: Partial<FileInTiers>): string[] => {
  const file: FileInTiers = {
    ...{ path: 'src/a.ts', tokens: 100, tokensStored: 100, bytes: 640_000, bytesInRam: 0 },
    ...{ isOnDisk: true, precision: 'q8', staleChunks: 0, pinned: false, ...more },
  };
  const place = placesOf('file:///shop', 'shop', [file]).children[0]?.children[0];
  assert.ok(place !== undefined);
  return placeTooltip(place).value.split('\n\n');
};

describe('what the view of the tiers says of a file', () => {
  it('is its size, precision, last use and why it is there', () => {
    const [path, text, perToken, precision, used, why] = lines({ lastUse: Date.UTC(2026, 0, 2) });
    assert.equal(path, 'src/a.ts');
    assert.equal(text, '640 kB · 100 tokens');
    assert.equal(perToken, '6 kB a token');
    assert.equal(precision, 'Precision: 8 bit');
    assert.match(used ?? '', /^Last used: .*2026/u);
    assert.ok(why !== undefined && why !== '');
  });

  it('names what is read from RAM, in part or not, and older text', () => {
    assert.equal(lines({ bytesInRam: 640_000 })[1], '640 kB · 100 tokens · in RAM');
    assert.equal(lines({ bytesInRam: 64_000 })[1], '640 kB · 100 tokens · 64 kB in RAM');
    const [, text] = lines({ tokensStored: 40, staleChunks: 2, pinned: true });
    assert.equal(text, '640 kB · 40 of 100 tokens · 2 chunks of an older text · pinned');
  });

  it('gives each state a reason of its own', () => {
    const states: Partial<FileInTiers>[] = [
      {},
      { pinned: true },
      { bytesInRam: 640_000 },
      { bytesInRam: 640_000, isOnDisk: false },
      { tokensStored: 0, bytes: 0 },
      { tokensStored: 0, bytes: 0, pinned: true },
    ];
    const reasons = states.map((state) => lines(state).at(-1));
    assert.equal(new Set(reasons).size, states.length, JSON.stringify(reasons));
  });

  it('of RAM is what it holds, and of whole repositories what they may take', () => {
    const ram = { sessionBytes: 3e6, segmentBytes: 1e6 };
    assert.equal(ramText({ ram } as TiersView), '4.0 MB');
    const evidence = { bytes: 2e6, budgetBytes: 256e6, blocks: 1200, hitRate: 0.934 };
    assert.equal(
      ramText({ ram: { ...ram, evidence } } as TiersView),
      '4.0 MB · hit rate 93 % · repositories 2.0 MB of 256.0 MB · 1,200 blocks',
    );
  });

  it('of the disk calls tokens that were reused just that, not hits of reads', () => {
    const disk = { bytes: 3e6, budgetBytes: 8e9, chunks: 12 };
    const answer = { tokensReused: 900, repoTokensComputed: 100, bytesFromDisk: 0 };
    const text = (answers: object[]): string => diskText({ disk, answers } as TiersView);
    assert.equal(text([]), '3.0 MB of 8.0 GB · 12 chunks');
    assert.equal(text([answer]), '3.0 MB of 8.0 GB · 90 % of tokens reused · 12 chunks');
  });

  it('is short beside its name where nothing is stored', () => {
    const [place] = placesOf('file:///shop', 'shop', [
      {
        ...{ path: 'a.ts', tokens: 12, tokensStored: 0, bytes: 0, bytesInRam: 0 },
        ...{ isOnDisk: false, staleChunks: 0, pinned: false },
      },
    ]).children;
    assert.equal(place && placeText(place), 'not read · 12 tokens');
  });
});
