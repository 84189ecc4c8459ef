import assert from 'node:assert/strict';
import type { FileInTiers } from '../../../server/protocol/tiers.js';
import {
  meantPlaces,
  placesOf,
  type Place,
  type PlaceNode,
} from '../../../extension/tiers/places.js';

describe('places of the tiers', () => {
  const file = (path: string, bytes: number, more: Partial<FileInTiers> = {}): FileInTiers => ({
    ...{ path, bytes, tokens: 10, tokensStored: bytes > 0 ? 10 : 0, staleChunks: 0 },
    ...{ pinned: false, bytesInRam: 0, isOnDisk: bytes > 0, lastUse: bytes, ...more },
  });
  const drawn = (place: Place, depth = 0): string[] => [
    `${'  '.repeat(depth)}${place.name} ${place.bytes}${place.pinned ? ' pinned' : ''}`,
    ...place.children.flatMap((child) => drawn(child, depth + 1)),
  ];

  it('are sums of what lies below them, the largest first', () => {
    const root = placesOf('file:///shop', 'shop', [
      file('README.md', 5),
      file('src/a.ts', 10, { pinned: true }),
      file('src/deep/b.ts', 30, { pinned: true, staleChunks: 2 }),
      file('test/c.ts', 0),
    ]);
    assert.deepEqual(drawn(root), [
      'shop 45',
      '  src 40 pinned',
      '    deep 30 pinned',
      '      b.ts 30 pinned',
      '    a.ts 10 pinned',
      '  README.md 5',
      '  test 0',
      '    c.ts 0',
    ]);
    const [src] = root.children;
    assert.deepEqual(
      { path: src?.path, tokens: src?.tokens, stale: src?.staleChunks, lastUse: src?.lastUse },
      { path: 'src/', tokens: 20, stale: 2, lastUse: 30 },
    );
    assert.equal(root.path, '/');
    assert.equal(src?.children[0]?.children[0]?.path, 'src/deep/b.ts');
  });

  it('are those of the row that a command was given on, and with it of the selection', () => {
    const { children } = placesOf('file:///shop', 'shop', [file('a.ts', 3), file('b.ts', 2)]);
    const [a, b] = children.map((place) => ({ kind: 'place', place }) as const);
    const paths = (...asked: Parameters<typeof meantPlaces>): string[] =>
      meantPlaces(...asked).map(({ path }) => path);
    assert.ok(a !== undefined);
    assert.deepEqual(paths(a, [a, b!]), ['a.ts', 'b.ts']);
    assert.deepEqual(paths(a, [b!]), ['a.ts']);
    assert.deepEqual(paths(a), ['a.ts']);
    assert.deepEqual(paths({ kind: 'disk' }, [b!]), []);
  });

  it('are not counted a second time where a folder above them is meant as well', () => {
    const root = placesOf('file:///shop', 'shop', [file('src/a.ts', 3), file('srcs.ts', 2)]);
    const other = placesOf('file:///other', 'other', [file('src/a.ts', 1)]);
    const node = (place: Place | undefined): PlaceNode => ({ kind: 'place', place: place! });
    const [src, srcs] = root.children;
    const a = src?.children[0];
    const otherA = other.children[0]?.children[0];
    const meant = (on: Place | undefined, ...selected: (Place | undefined)[]): string[] =>
      meantPlaces(node(on), selected.map(node)).map(({ folder, path }) => `${folder} ${path}`);
    assert.deepEqual(meant(a, a, srcs, src, otherA), [
      'file:///shop srcs.ts',
      'file:///shop src/',
      'file:///other src/a.ts',
    ]);
    assert.deepEqual(meant(src, src, root, srcs), ['file:///shop /']);
    assert.deepEqual(meant(a, src, root), ['file:///shop src/a.ts']);
  });

  it('say how much of them is read from RAM, and whether all of it is on disk', () => {
    const places = placesOf('file:///shop', 'shop', [
      file('a.ts', 3, { bytesInRam: 3 }),
      file('src/b.ts', 5, { bytesInRam: 4, isOnDisk: false }),
      file('src/c.ts', 2),
      file('test/d.ts', 0),
    ]);
    const told = ({ path, bytesInRam, isOnDisk }: Place): string =>
      `${path} ${bytesInRam}${isOnDisk ? '' : ' not on disk'}`;
    assert.deepEqual([places, ...places.children].map(told), [
      '/ 7 not on disk',
      'src/ 4 not on disk',
      'a.ts 3',
      'test/ 0',
    ]);
  });

  it('are not pinned where there is nothing', () => {
    assert.equal(placesOf('file:///empty', 'empty', []).pinned, false);
  });
});
