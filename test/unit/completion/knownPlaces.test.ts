import assert from 'node:assert/strict';
import { KnownPlaces } from '../../../server/completion/knownPlaces.js';

describe('what the editor knows of other files', () => {
  it('is where names are defined, for the stretch they were looked up for', () => {
    const known = new KnownPlaces();
    const places = [{ name: 'total', path: 'b.ts', line: 3 }];
    known.defined('a.ts', 'one', places);
    assert.deepEqual(known.definitionsFor('a.ts', 'one'), places);
    assert.deepEqual(known.definitionsFor('a.ts', 'two'), []);
    assert.deepEqual(known.definitionsFor('c.ts', 'one'), []);
    known.defined('c.ts', 'one', places);
    assert.deepEqual(known.definitionsFor('a.ts', 'one'), []);
  });

  it('leaves out what the file defines itself', () => {
    const known = new KnownPlaces();
    known.defined('a.ts', 'one', [{ name: 'own', path: 'a.ts', line: 1 }]);
    assert.deepEqual(known.definitionsFor('a.ts', 'one'), []);
  });

  it('is where one wrote in other files, the latest first, a place for each, for ten minutes', () => {
    const known = new KnownPlaces();
    known.wrote({ path: 'a.ts', line: 1 }, 0);
    known.wrote({ path: 'b.ts', line: 2 }, 1);
    known.wrote({ path: 'c.ts', line: 3 }, 2);
    known.wrote({ path: 'a.ts', line: 9 }, 60_000);
    assert.deepEqual(known.writtenOutside('c.ts', 60_000), [
      { path: 'a.ts', line: 9 },
      { path: 'b.ts', line: 2 },
    ]);
    assert.deepEqual(known.writtenOutside('c.ts', 11 * 60_000), [{ path: 'a.ts', line: 9 }]);
    assert.deepEqual(known.writtenOutside('c.ts', 12 * 60_000), []);
  });

  it('is what it was before where something was not written after all', () => {
    const known = new KnownPlaces();
    known.wrote({ path: 'a.ts', line: 1 }, 0);
    known.wrote({ path: 'b.ts', line: 2 }, 1);
    const takeBack = Array.from({ length: 20 }, (_, i) =>
      known.wrote({ path: i === 0 ? 'a.ts' : `${i}.ts`, line: 9 }, 2),
    );
    takeBack.forEach((one) => one());
    assert.deepEqual(known.writtenOutside('c.ts', 3), [
      { path: 'b.ts', line: 2 },
      { path: 'a.ts', line: 1 },
    ]);
    const late = known.wrote({ path: 'a.ts', line: 5 }, 4);
    known.wrote({ path: 'a.ts', line: 6 }, 5); // and this was
    late();
    assert.deepEqual(known.writtenOutside('b.ts', 6), [{ path: 'a.ts', line: 6 }]);
  });

  it('remembers few files', () => {
    const known = new KnownPlaces();
    for (let i = 0; i < 100; i++) {
      known.wrote({ path: `${i}.ts`, line: 1 }, i);
    }
    assert.equal(known.writtenOutside('other.ts', 100).length, 8);
  });
});
