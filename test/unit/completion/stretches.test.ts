import assert from 'node:assert/strict';
import type { NamedPlace } from '../../../server/completion/knownPlaces.js';
import {
  linesSeen,
  Stretches,
  type Cursor,
  type Stretch,
} from '../../../server/completion/stretches.js';
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
  /** By path: what is on disk, and what editors have. */
  let disk: Map<string, string>;
  let editors: Map<string, string>;
  let isStale: boolean;

  beforeEach(() => {
    searches = 0;
    disk = new Map();
    editors = new Map();
    isStale = false;
    const ids: string[] = [];
    const passage = (of: string, line: number): Passage => ({
      ...{ id: ids.includes(of) ? ids.indexOf(of) : ids.push(of) - 1, path: of, tokens: 100 },
      ...{ startLine: line, endLine: line + 9, startOffset: 0, endOffset: 300 },
      ...{ part: 0, firstChunk: 1, lastChunk: 2 },
    });
    stretches = new Stretches({
      engine: {
        hasSegments: (keys) => keys.map(() => true),
        tokenize: async (texts) => texts.map((one) => Int32Array.from(Buffer.from(one))),
      },
      profile: { header: (of) => `# ${of}\n` },
      openText: (of) => editors.get(of),
      repository: {
        files: [],
        search: async () => {
          searches++;
          return [];
        },
        // What lies in node_modules is not in the index.
        passageAt: (of, line) => (of.startsWith('src/') ? passage(of, line) : undefined),
        passagesOf: (of) => (disk.has(of) ? [passage(of, 1)] : []),
        passageText: async () => {
          assert.ok(!isStale, 'it changed');
          return '';
        },
        definitionsOf: () => [],
        importsOf: () => [],
        segment: () => undefined,
        lines: async (of) => {
          assert.ok(!isStale, `${of} changed`);
          const found = disk.get(of);
          assert.ok(found !== undefined, `${of} is not on disk`);
          return found;
        },
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
    assert.equal(linesSeen(first).length, 2);
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

  it('shows definitions of the repository whatever else is defined outside of it', async () => {
    const outside = ['path', 'join', 'cwd', 'env'].map((name) =>
      place(name, `node_modules/@types/node/${name}.d.ts`),
    );
    const { evidence } = await chosenWith(...outside, place('sum'));
    assert.deepEqual(
      evidence.map((one) => one.path),
      ['src/sum.ts'],
    );
  });

  it('shows the rest where a file is other on disk than it is known', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\n');
    isStale = true;
    const { evidence } = await chosenWith(place('sum'));
    assert.deepEqual(
      evidence.map((one) => one.path),
      ['src/sum.ts'],
    );
    editors.set('src/tax.ts', 'const rate = 8;\n');
    stretches.wrote({ path: 'src/tax.ts', line: 1 });
    const { unsaved } = await chosenWith(place('sum'));
    assert.deepEqual(
      unsaved.map((one) => one.path),
      ['src/tax.ts'],
    );
  });

  it('is chosen anew for a definition that it does not show yet', async () => {
    await chosenWith(place('sum'));
    const second = await chosenWith(place('tax'), place('sum'));
    assert.deepEqual(
      linesSeen(second)
        .map((one) => one.path)
        .sort(),
      ['src/sum.ts', 'src/tax.ts'],
    );
    assert.equal(searches, 2);
  });

  const textsOf = (stretch: Stretch): string[] =>
    stretch.parts.map((part) => (part.kind === 'text' ? Buffer.from(part.tokens).toString() : ''));

  it('sees what was written in another file as the editor has it, before the rest', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\n');
    editors.set('src/tax.ts', 'const rate = 7;\nexport const reduced = 5;\n');
    stretches.wrote({ path: 'src/tax.ts', line: 2 });
    const stretch = await chosenWith(place('sum'), { ...place('reduced', 'src/tax.ts'), line: 2 });
    assert.deepEqual(textsOf(stretch), [`# src/tax.ts\n${editors.get('src/tax.ts')}\n`]);
    assert.equal(stretch.tokens, textsOf(stretch).join('').length);
    const seen = linesSeen(stretch).map(({ path: of, startLine, endLine }) => [
      of,
      startLine,
      endLine,
    ]);
    assert.deepEqual(seen, [
      ['src/tax.ts', 1, 3],
      ['src/sum.ts', 1, 10],
    ]);
    // It is seen where it is defined, so that this is no news.
    assert.equal(await chosenWith({ ...place('reduced', 'src/tax.ts'), line: 2 }), stretch);
  });

  it('is chosen anew when something was written in another file, not in its own', async () => {
    const first = await stretches.of(cursor);
    stretches.wrote({ path, line: 2 });
    assert.equal(await stretches.of(cursor), first);
    stretches.wrote({ path: 'src/tax.ts', line: 2 });
    assert.notEqual(await stretches.of(cursor), first);
    assert.equal(searches, 2);
  });

  it('is chosen anew when what was written in another file turns out not to be', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\n');
    editors.set('src/tax.ts', 'const rate = 7;\n');
    const paths = async (): Promise<string[]> =>
      linesSeen(await stretches.of(cursor)).map((one) => one.path);
    const takeBack = stretches.wrote({ path: 'src/tax.ts', line: 1 });
    assert.deepEqual(await paths(), ['src/tax.ts']);
    takeBack();
    assert.deepEqual(await paths(), []);
  });

  it('sees what was saved from the store', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\n');
    editors.set('src/tax.ts', 'const rate = 7;\n');
    stretches.wrote({ path: 'src/tax.ts', line: 1 });
    const stretch = await stretches.of(cursor);
    assert.deepEqual(stretch.parts, []);
    assert.deepEqual(
      linesSeen(stretch).map((one) => one.path),
      ['src/tax.ts'],
    );
  });

  it('does not show the lines on disk that others stand for in the editor', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\n');
    editors.set('src/tax.ts', 'const taxRate = 7;\n');
    stretches.wrote({ path: 'src/tax.ts', line: 1 });
    const rate = place('rate', 'src/tax.ts'); // as a language server knew it before
    const { unsaved, evidence } = await chosenWith(rate, place('sum'));
    assert.deepEqual(
      [unsaved, evidence].map((lines) => lines.map((one) => one.path)),
      [['src/tax.ts'], ['src/sum.ts']],
    );
  });

  it('shows nothing of the lines on disk that were taken out in the editor', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\nconst old = 1;\n');
    editors.set('src/tax.ts', '');
    stretches.wrote({ path: 'src/tax.ts', line: 1 });
    const chosen = await chosenWith(place('sum'));
    assert.deepEqual(
      linesSeen(chosen).map((one) => one.path),
      ['src/sum.ts'],
    );
    assert.equal(chosen.parts.length, 0); // of the stand-in's files none is stored
  });

  it('finds definitions behind what was put in where they are on disk', async () => {
    const tax = ['const rate = 7;', ...Array<string>(20).fill(''), 'const last = 1;', ''];
    disk.set('src/tax.ts', tax.join('\n'));
    editors.set('src/tax.ts', ['const fresh = 1;', ...tax].join('\n'));
    stretches.wrote({ path: 'src/tax.ts', line: 1 });
    const { evidence } = await chosenWith({ ...place('last', 'src/tax.ts'), line: 23 });
    assert.deepEqual(
      evidence.map((one) => [one.path, one.startLine]),
      [['src/tax.ts', 22]],
    );
  });

  it('finds definitions of an open document where they are on disk though it shows nothing of it', async () => {
    const tax = ['const rate = 7;', ...Array<string>(20).fill(''), 'const last = 1;', ''];
    disk.set('src/tax.ts', tax.join('\n'));
    editors.set('src/tax.ts', ['const fresh = 1;', ...tax].join('\n')); // written long ago
    const fresh = place('fresh', 'src/tax.ts');
    const { unsaved, evidence } = await chosenWith(fresh, { ...fresh, name: 'last', line: 23 });
    assert.deepEqual(
      [unsaved, evidence].map((lines) => lines.map((one) => [one.path, one.startLine])),
      [[], [['src/tax.ts', 22]]],
    );
    assert.equal(
      await chosenWith(fresh, { ...fresh, name: 'last', line: 23 }),
      await stretches.of(cursor),
    );
    assert.equal(searches, 1);
  });

  it('is chosen anew when a file is saved that it shows', async () => {
    disk.set('src/tax.ts', 'const rate = 7;\n');
    editors.set('src/tax.ts', 'const rate = 7;\nconst fresh = 1;\n');
    stretches.wrote({ path: 'src/tax.ts', line: 2 });
    const first = await stretches.of(cursor);
    assert.equal(first.unsaved.length, 1);
    stretches.outdated(['src/other.ts']);
    assert.equal(await stretches.of(cursor), first);
    disk.set('src/tax.ts', editors.get('src/tax.ts') ?? '');
    stretches.outdated(['src/tax.ts']);
    assert.deepEqual((await stretches.of(cursor)).unsaved, []);
  });

  it('is not kept where a file changed while it was chosen', async () => {
    const choosing = stretches.of(cursor);
    stretches.outdated(['src/tax.ts']);
    assert.notEqual(await stretches.of(cursor), await choosing);
  });
});
