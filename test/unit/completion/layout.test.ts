import assert from 'node:assert/strict';
import { defaultLimits } from '../../../server/completion/cursorWindow.js';
import { alignBefore, layOut, type Layout, type Piece } from '../../../server/completion/layout.js';
import { storedFile, type StoredFile } from '../../../server/completion/storedFile.js';
import { seededRandom } from '../../bench/statistics.js';
import { storedPath, storeOf } from './storedFiles.js';

/** About 17,000 characters. */
function program(end = '\n'): string {
  return Array.from({ length: 120 }, (_, i) =>
    [
      `/** What number ${i} does to the items of a basket. */`,
      `export function work${i}(items: Item[]): number {`,
      `  const total = sum(items) + ${i};`,
      '  return total;',
      '}',
      '',
      '',
    ].join(end),
  ).join('');
}

const joined = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

/** What must hold of any layout of this text. */
function check(text: string, cursor: number, layout: Layout): void {
  const [above, below] = layout.outside;
  assert.equal(above + joined(layout.before) + joined(layout.behind) + below, text);
  assert.equal(above.length, layout.start);
  assert.equal(layout.start + joined(layout.before).length, cursor);
  assert.equal(layout.before.at(-1)?.kind, 'text');
  const isOver = layout.before.length > 1 && joined(layout.before.slice(0, -1)) === '';
  assert.ok(!isOver, 'a piece is empty');
  assert.ok(layout.behind.every((piece) => piece.text !== ''));
}

const nothing: StoredFile = { runs: [], head: [], cursor: 0 };

const storedPieces = (pieces: readonly Piece[]): Piece[] =>
  pieces.filter(({ kind }) => kind === 'stored');

describe('what a file imports, in its layout', () => {
  const imports = "import { sum } from './sum.js';\nimport type { Item } from './item.js';\n";
  const text = imports + program();
  const far = text.indexOf('const total', 9000);

  const importsAt = async (cursor: number, of = text, disk = text): Promise<Piece[]> => {
    const found = await storedFile(storeOf(disk), storedPath, of, cursor, defaultLimits);
    const layout = layOut(of, cursor, found, undefined);
    check(of, cursor, layout);
    return layout.imports;
  };

  it('is taken from the store, in whole chunks, where it stands above the window', async () => {
    const pieces = await importsAt(far);
    assert.ok(pieces.length > 0 && pieces.every(({ kind }) => kind === 'stored'));
    assert.ok(joined(pieces).startsWith(imports) && text.startsWith(joined(pieces)));
  });

  it('is text where nothing of it is stored or it was edited since', async () => {
    assert.equal(joined(layOut(text, far, nothing, undefined).imports), imports);
    const edited = text.replace('Item }', 'Item, Price }');
    const pieces = await importsAt(far + ', Price'.length, edited, text);
    assert.deepEqual(
      pieces.map(({ kind, text: shown }) => [kind, shown]),
      [['text', imports.replace('Item }', 'Item, Price }')]],
    );
  });

  it('is taken from the store and is text where some of it stands far below', async () => {
    const late = "const late = require('./late.js');\n";
    const at = text.indexOf('/** What number 60');
    const withLate = text.slice(0, at) + late + text.slice(at);
    const pieces = await importsAt(withLate.length, withLate, withLate);
    assert.equal(pieces.at(-1)?.kind, 'text');
    assert.equal(pieces.at(-1)?.text, late);
    assert.ok(joined(pieces.slice(0, -1)).startsWith(imports));
  });

  it('is nothing where the window begins at the top', async () => {
    assert.deepEqual(await importsAt(text.indexOf('const total')), []);
  });
});

describe('the layout of a file around a cursor', () => {
  const text = program();
  const cursor = text.indexOf('const total', 9000) + 'const total = '.length;
  let stored: StoredFile;

  before(async () => {
    stored = await storedFile(storeOf(text), storedPath, text, cursor, defaultLimits);
    assert.ok(stored.runs.length > 10);
  });

  it('is the text again when its pieces are joined, at any cursor and of any text', () => {
    for (const end of ['\n', '\r\n']) {
      const all = program(end);
      for (let at = 0; at <= all.length; at += 111) {
        check(all, at, layOut(all, at, nothing, undefined));
      }
      check('', 0, layOut('', 0, nothing, undefined));
      check('abc', 2, layOut('abc', 2, nothing, undefined));
    }
    const long = `${program()}// ${'long '.repeat(3000)}\n${program()}`;
    for (let at = 0; at <= long.length; at += 511) {
      const layout = layOut(long, at, nothing, undefined);
      check(long, at, layout);
      assert.ok(joined(layout.behind).length < 2500);
      assert.ok(at === 0 || joined(layout.before) !== '');
    }
  });

  it('takes what the store has, as long as the texts agree', () => {
    const layout = layOut(text, cursor, stored, undefined);
    check(text, cursor, layout);
    assert.equal(layout.start, stored.runs[0]?.start);
    assert.ok(joined(storedPieces(layout.before)).length > 2000);
    assert.ok(joined(storedPieces(layout.behind)).length > 600);
  });

  it('keeps all stored pieces while one types at the cursor', () => {
    const first = layOut(text, cursor, stored, undefined);
    let typed = text;
    let at = cursor;
    for (const key of 'price(items)\n  + 1') {
      typed = typed.slice(0, at) + key + typed.slice(at);
      at++;
      const layout = layOut(typed, at, stored, first.start);
      check(typed, at, layout);
      assert.deepEqual(storedPieces(layout.before), storedPieces(first.before));
      assert.deepEqual(layout.behind, first.behind);
    }
  });

  it('takes all stored chunks but the one in which something was edited', () => {
    const whole = layOut(text, cursor, stored, undefined);
    const { start } = whole;
    const end = start + joined(whole.before.slice(0, -1)).length;
    const before = storedPieces(whole.before).length;
    const behind = storedPieces(whole.behind).length;
    for (const [edit, keptBefore, keptBehind] of [
      [start - 40, before, behind],
      [start + 300, before - 1, behind],
      [end - 1, before - 1, behind],
      [text.indexOf(storedPieces(whole.behind)[1]!.text) + 20, before, behind - 1],
    ] as const) {
      const edited = `${text.slice(0, edit)}/* new */${text.slice(edit)}`;
      const at = edit < cursor ? cursor + 9 : cursor;
      const layout = layOut(edited, at, stored, undefined);
      check(edited, at, layout);
      assert.equal(storedPieces(layout.before).length, keptBefore);
      assert.equal(storedPieces(layout.behind).length, keptBehind);
    }
  });

  it('has what stood before the cursor behind it, when that moves up, and the other way', () => {
    const whole = layOut(text, cursor, stored, undefined);
    const known = new Set([...whole.before, ...whole.behind].map((piece) => piece.text));
    for (const at of [cursor - 500, cursor + 500]) {
      const layout = layOut(text, at, stored, whole.start);
      check(text, at, layout);
      const pieces = [...layout.before, ...layout.behind];
      const other = pieces.filter((piece) => piece.kind === 'text' && !known.has(piece.text));
      assert.ok(joined(other).length < 400, `${joined(other).length}`);
      assert.ok(storedPieces(layout.behind).length > 2);
    }
  });

  it('takes nothing stored of a text that was rewritten', () => {
    const { start } = layOut(text, cursor, stored, undefined);
    const end = cursor - 40;
    const other = text.slice(start, end - 200).replaceAll('items', 'things');
    const edited = text.slice(0, start) + other + text.slice(end - 200);
    const at = cursor + other.length - (end - 200 - start);
    assert.equal(alignBefore(edited, at, stored), undefined);
    check(edited, at, layOut(edited, at, stored, undefined));
  });

  it('takes nothing stored where the cursor has gone far away, or above it', () => {
    assert.equal(alignBefore(text, cursor + 5000, stored), undefined);
    for (const at of [stored.runs[0]!.start, 0, text.length]) {
      const layout = layOut(text, at, stored, undefined);
      check(text, at, layout);
      assert.equal(storedPieces(layout.before).length, 0);
    }
  });

  it('leaves most pieces before the cursor what they are when a line is put in above', () => {
    const start = layOut(text, cursor, nothing, undefined).start;
    const first = layOut(text, cursor, nothing, start);
    const edit = text.indexOf('\n', cursor - 1500) + 1;
    const edited = `${text.slice(0, edit)}  // new\n${text.slice(edit)}`;
    const layout = layOut(edited, cursor + '  // new\n'.length, nothing, start);
    check(edited, cursor + '  // new\n'.length, layout);
    const known = new Set(first.before.map((piece) => piece.text));
    const other = layout.before.filter((piece) => !known.has(piece.text));
    assert.ok(other.length <= 2, `${other.length} of ${layout.before.length}`);
  });

  it('takes what the store has of a file with CRLF, and is that file again', async () => {
    const windows = program('\r\n');
    const at = windows.indexOf('const total', 9000) + 'const total = '.length;
    const found = await storedFile(storeOf(windows), storedPath, windows, at, defaultLimits);
    const layout = layOut(windows, at, found, undefined);
    check(windows, at, layout);
    assert.ok(storedPieces(layout.before).length > 0);
    assert.ok(storedPieces(layout.behind).length > 0);
    assert.ok(layout.before.slice(0, -1).every((piece) => piece.text.endsWith('\r\n')));
  });

  it('is the text again after any edits, whatever was stored before them @property', async () => {
    const random = seededRandom(3);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    for (let round = 0; round < 30; round++) {
      let edited = text;
      let at = cursor;
      let start: number | undefined;
      for (let step = 0; step < 12; step++) {
        const where = Math.max(0, at - 3500 + upTo(5000));
        const gone = upTo(2) * upTo(80);
        const added = ['', 'x', '\n', '  y();\n', '}\n\n'][upTo(5)] ?? '';
        edited = edited.slice(0, where) + added + edited.slice(where + gone);
        at = upTo(3) === 0 ? upTo(edited.length) : Math.min(edited.length, at + upTo(30));
        const layout = layOut(edited, at, stored, start);
        check(edited, at, layout);
        start = layout.start;
      }
    }
  });
});
