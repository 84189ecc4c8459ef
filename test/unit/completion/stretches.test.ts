import assert from 'node:assert/strict';
import type { NamedPlace } from '../../../server/completion/knownPlaces.js';
import { Stretches, type Cursor, type Stretch } from '../../../server/completion/stretches.js';
import type { Passage } from '../../../server/index/types.js';

const path = 'src/shop.ts';
const text = 'export function price(items: Item[]): number {\n  return sum(\n}\n';
const cursor: Cursor = {
  ...{ path, text, offset: text.indexOf('sum(') + 4 },
  approximations: { evidence: 'stored' },
};

describe('the stretch of a file', () => {
  let searches: number;
  let stretches: Stretches;

  beforeEach(() => {
    searches = 0;
    const ids: string[] = [];
    const passage = (of: string, line: number): Passage => ({
      ...{ id: ids.includes(of) ? ids.indexOf(of) : ids.push(of) - 1, path: of, tokens: 100 },
      ...{ startLine: line, endLine: line + 9, startOffset: 0, endOffset: 300 },
      ...{ part: 0, firstChunk: 1, lastChunk: 2 },
    });
    stretches = new Stretches({
      engine: { hasSegments: (keys) => keys.map(() => true) },
      repository: {
        files: [],
        search: async () => {
          searches++;
          return [];
        },
        // What lies in node_modules is not in the index.
        passageAt: (of, line) => (of.startsWith('src/') ? passage(of, line) : undefined),
        passagesOf: () => [],
        passageText: async () => '',
        definitionsOf: () => [],
        importsOf: () => [],
        segment: () => undefined,
      },
    });
  });

  const place = (name: string, of = `src/${name}.ts`): NamedPlace => ({ name, path: of, line: 1 });
  /** With what a language server says each time in objects of its own. */
  const chosenWith = (...places: NamedPlace[]): Promise<Stretch> => {
    stretches.defined(
      cursor,
      places.map((one) => ({ ...one })),
    );
    return stretches.of(cursor);
  };

  it('is chosen once, however often the same definitions are told', async () => {
    const first = await chosenWith(place('sum'), place('tax'));
    assert.equal(first.evidence.length, 2);
    assert.equal(await chosenWith(place('sum'), place('tax')), first);
    assert.equal(await chosenWith(place('tax')), first);
    assert.equal(searches, 1);
  });

  it('is chosen anew in another function, where imports change and in another file alone', async () => {
    const second = `${text}export function tax(cents: number): number {\n  return rate(\n}\n`;
    const at = (of: string, name: string): Cursor => ({
      ...{ ...cursor, text: of },
      offset: of.indexOf(`${name}(`, of.indexOf('return')) + name.length + 1,
    });
    await stretches.of(at(second, 'sum'));
    const typed = second.replace('sum(', 'sum(items, ');
    await stretches.of({ ...at(typed, 'sum'), offset: typed.indexOf('items, ') + 7 });
    assert.equal(searches, 1);
    await stretches.of(at(typed, 'rate'));
    assert.equal(searches, 2);
    const imported = `import { rate } from './rates.js';\n${typed}`;
    await stretches.of(at(imported, 'rate'));
    assert.equal(searches, 3);
    await stretches.of({ ...at(imported, 'rate'), path: 'src/other.ts' });
    assert.equal(searches, 4);
  });

  it('is chosen once where a definition cannot be shown', async () => {
    const first = await chosenWith(place('sum'));
    const node = place('readFile', 'node_modules/@types/node/fs.d.ts');
    assert.equal(await chosenWith(place('sum'), node), first);
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => place(name));
    const second = await chosenWith(...many); // more than are taken
    assert.equal(await chosenWith(...many), second);
    assert.equal(searches, 2);
  });

  it('is chosen anew for a definition that it does not show yet', async () => {
    await chosenWith(place('sum'));
    const second = await chosenWith(place('tax'), place('sum'));
    assert.deepEqual(second.evidence.map((one) => one.path).sort(), ['src/sum.ts', 'src/tax.ts']);
    assert.equal(searches, 2);
  });
});
