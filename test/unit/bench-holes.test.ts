// The holes of the fill bench, and the figures that are made of them.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CutCopy, roundsOf } from '../bench/cutCopy.js';
import { fillReport, type FilledHole } from '../bench/fillReport.js';
import { modeArguments, precisionOf } from '../bench/filling.js';
import { chooseHoles, findHoles, holeKinds, type HoleKind, type RepoHole } from '../bench/holes.js';
import { hasName, insideName } from '../bench/insideNames.js';
import { indexNames, needsOf } from '../bench/names.js';
import type { SourceFile } from '../bench/sourceFiles.js';

const limits: SourceFile = {
  path: 'limits.js',
  text: [
    'export const MAX_ITEMS = 37;',
    'export function roundToCents(amount) {',
    '  return Math.round(amount * 100) / 100;',
    '}',
    'export class Stock {',
    '  reserveAll(items) {',
    '    return items.length;',
    '  }',
    '}',
    '',
  ].join('\n'),
};

const basket: SourceFile = {
  path: 'basket.js',
  text: [
    "import { MAX_ITEMS, roundToCents as toCents } from './limits.js';",
    "import { readFile } from 'node:fs/promises';",
    '',
    '// Prices are “gross”: MAX_TAX is a part of them.',
    'export function fits(items, stock) {',
    '  const isSmall = items.length < MAX_ITEMS;',
    '  if (isSmall) {',
    '    const reserved = stock.reserveAll(items);',
    '    return reserved > 0;',
    '  }',
    "  throw new Error('MAX_ITEMS');",
    '}',
    '',
    '/* An example:',
    '  for (const item of items) {',
    '    console.log(item.toString());',
    '    console.log(item.toString());',
    '  }',
    '*/',
    'export function total(items) {',
    '  let sum = 0;',
    '  for (const item of items) {',
    '    sum += item.price;',
    '    sum += item.postage;',
    '  }',
    '  return toCents(sum) + toCents(1);',
    '}',
    '',
  ].join('\n'),
};

const holes = findHoles([limits, basket]);
const holeWith = (text: string, kind: HoleKind): RepoHole | undefined =>
  holes.find((hole) => hole.kind === kind && hole.expected.startsWith(text));

describe('holes', () => {
  it('say in bytes where what is expected stands', () => {
    assert.ok(holes.length > 5);
    for (const { path, startByte, endByte, expected } of holes) {
      const text = path === basket.path ? basket.text : limits.text;
      assert.equal(Buffer.from(text).subarray(startByte, endByte).toString(), expected);
    }
  });

  it('are rests of lines, or the lines between the braces of a block', () => {
    const block = holeWith('sum += item.price', 'local block');
    assert.equal(block?.expected, 'sum += item.price;\n    sum += item.postage;');
    assert.ok(
      holes.every(({ kind, expected }) => kind.endsWith('block') === expected.includes('\n')),
    );
  });

  it('need another file where they call what only that one defines', () => {
    const block = holeWith('const reserved', 'cross-file block');
    assert.deepEqual(block?.needs, ['reserveAll']);
  });

  it('are not made in comments', () => {
    assert.ok(holes.every(({ expected }) => !expected.includes('console.log')));
  });
});

describe('names of other files', () => {
  const index = indexNames([limits, basket]);
  const needs = (line: string): ReturnType<typeof needsOf> => {
    const start = basket.text.indexOf(line);
    return needsOf(index, basket, start, start + line.length);
  };

  it('are imported ones that only the import names as well', () => {
    assert.deepEqual(needs('return toCents(sum) + toCents(1);').first, ['toCents']);
  });

  it('do not count where the file names them elsewhere', () => {
    const found = needs('items.length < MAX_ITEMS;');
    assert.deepEqual(found, { all: ['MAX_ITEMS'], first: [] });
  });

  it('are none of packages, of strings and of every program', () => {
    assert.deepEqual(needs("throw new Error('MAX_ITEMS');").all, []);
    assert.deepEqual(index.imports.get('basket.js')?.length, 1);
  });

  it('are those of require too', () => {
    const text = "const { a, b: c } = require('./x')\nconst whole = require('..')\n";
    const found = indexNames([{ path: 'y.js', text }]).imports.get('y.js');
    assert.deepEqual(
      found?.flatMap(({ names }) => names),
      ['a', 'c', 'whole'],
    );
  });
});

describe('holes that begin within a name', () => {
  const whole: RepoHole = {
    ...{ path: 'a.js', startByte: 100, endByte: 200, kind: 'cross-file block', line: 7 },
    expected: ' = “ä”;\n  return stock.reserveAll(items);\n  done();',
    needs: ['reserveAll'],
  };

  it('begin in one that only another file explains, and end with its line', () => {
    const [hole] = insideName(whole, 4);
    assert.equal(hole?.expected, 'rveAll(items);');
    assert.equal(hole.restOfName, 'rveAll');
    assert.deepEqual([hole.kind, hole.line], ['cross-file line', 8]);
    const before = Buffer.byteLength(' = “ä”;\n  return stock.rese');
    assert.deepEqual([hole.startByte, hole.endByte], [100 + before, 100 + before + 14]);
  });

  it('else in the first one that is long enough', () => {
    const [hole] = insideName({ ...whole, needs: [] }, 3);
    assert.deepEqual([hole?.restOfName, hole?.kind], ['erveAll', 'local line']);
    assert.deepEqual(insideName({ ...whole, needs: [] }, 40), []);
    const twice = { ...whole, expected: 'reserveAll(a);\nreserveAll(b);' };
    assert.deepEqual(insideName(twice, 4), []);
  });

  it('are right where the name ends as it should', () => {
    assert.ok(hasName('rveAll(items)', 'rveAll'));
    assert.ok(!hasName('rveAllOf(items)', 'rveAll'));
    assert.ok(!hasName('rve', 'rveAll'));
  });
});

describe('the choice of holes', () => {
  const candidates = ['a', 'b'].flatMap((repo) =>
    holeKinds.flatMap((kind, k) =>
      Array.from({ length: repo === 'a' ? 3 : 40 }, (_, i) =>
        candidate(repo, kind, 100 * i + 25 * k),
      ),
    ),
  );

  it('takes a quarter of each kind, the repositories in turn while they have any', () => {
    const chosen = chooseHoles(candidates, 40);
    for (const kind of holeKinds) {
      const ofKind = chosen.filter((hole) => hole.kind === kind);
      assert.equal(ofKind.length, 10);
      assert.equal(ofKind.filter(({ repo }) => repo === 'a').length, 3);
    }
  });

  it('only adds holes when there are to be more', () => {
    const more = chooseHoles(candidates, 80);
    assert.ok(chooseHoles(candidates, 40).every((hole) => more.includes(hole)));
  });

  it('keeps the holes of a file apart', () => {
    const near = Array.from({ length: 10 }, (_, i) => candidate('a', 'local line', 5 * i));
    const lines = chooseHoles(near, 40)
      .map(({ line }) => line)
      .sort((a, b) => a - b);
    assert.ok(lines.length > 0);
    assert.ok(lines.every((line, i) => i === 0 || line - (lines[i - 1] ?? 0) > 20));
  });
});

describe('holes that are filled together', () => {
  const many = Array.from({ length: 12 }, (_, i) => ({
    ...candidate('a', i % 2 === 0 ? 'local line' : 'local block', 100 * i),
    path: `${String(i % 4)}.js`,
  }));
  const rounds = roundsOf(many, 2);

  it('are of one shape and of different files, and not more than there may be', () => {
    for (const round of rounds) {
      assert.equal(new Set(round.map(({ path: file }) => file)).size, round.length);
      assert.equal(new Set(round.map(({ kind }) => kind)).size, 1);
      assert.ok(round.length > 0 && round.length <= 2);
    }
  });

  it('are all of them', () => {
    assert.deepEqual(new Set(rounds.flat()), new Set(many));
  });

  it('are cut out of a copy, where nothing else is missing', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'leoam-holes-'));
    try {
      const root = path.join(folder, 'root');
      const copy = await CutCopy.make(path.join(folder, 'copy'), await written(root), [
        limits,
        basket,
      ]);
      const read = (name: string): Promise<string> => readFile(path.join(copy.root, name), 'utf8');
      const block = holeWith('const reserved', 'cross-file block');
      const line = holes.find((hole) => hole.path === 'limits.js');
      assert.ok(block !== undefined && line !== undefined);
      await copy.cut([line]);
      await copy.cut([block]);
      assert.equal(await read('limits.js'), limits.text);
      assert.equal(await read('basket.js'), basket.text.replace(block.expected, ''));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the fill report', () => {
  const report = fillReport(
    [
      {
        ...filled('1', 'cross-file line', 'leoam', true, 1),
        ...{ meanLogProbability: -0.5, goldNll: 0.5 },
      },
      { ...filled('2', 'local block', 'leoam', false, 0.5), meanLogProbability: -1.5 },
      { ...filled('1', 'cross-file line', 'file', false, 0.25), goldNll: 2 },
      filled('2', 'local block', 'file', false, 0.5),
    ],
    ['leoam', 'file'],
  );

  it('counts each mode by kind of hole', () => {
    assert.equal(report.modes['leoam']?.['all']?.exact, 1);
    assert.equal(report.modes['leoam']?.['all']?.meanEditSimilarity, 0.75);
    assert.equal(report.modes['leoam']?.['cross-file line']?.n, 1);
    assert.equal(report.modes['file']?.['block']?.meanEditSimilarity, 0.5);
  });

  it('compares leoam with each other mode hole by hole', () => {
    assert.deepEqual(Object.keys(report.differences), ['leoam - file']);
    const against = report.differences['leoam - file'];
    assert.equal(against?.['all']?.exactPoints.mean, 50);
    assert.equal(against?.['cross-file']?.editSimilarity.mean, 75);
    assert.equal(against?.['local']?.exactPoints.mean, 0);
    assert.equal(against?.['all']?.goldNll?.mean, -1.5);
    assert.equal(against?.['local']?.goldNll, null);
    assert.equal(report.modes['file']?.['all']?.meanGoldNll, 2);
  });

  it('says what would be shown at each threshold', () => {
    const at = (least: number) =>
      report.thresholds.find((one) => one.minMeanLogProbability === least);
    assert.equal(at(-0.3), undefined);
    assert.deepEqual(at(-1.2), {
      ...{ minMeanLogProbability: -1.2, shown: 0.5, rightOfShown: 1, keptOfRight: 1 },
      meanEditSimilarity: 1,
    });
    assert.equal(at(-2)?.rightOfShown, 0.5);
  });
});

describe('modes of the fill bench', () => {
  it('become options of the command', () => {
    const args = modeArguments('leoam:behind=read:stale=200:precision=q4');
    assert.deepEqual(args, [
      ...['--mode', 'leoam:behind=read', '--stale', '200', '--precision', 'q4'],
    ]);
    assert.equal(precisionOf('leoam:precision=f16'), 'f16');
    assert.equal(precisionOf('leoam:stale=20'), undefined);
  });
});

async function written(root: string): Promise<string> {
  await mkdir(root);
  for (const { path: name, text } of [limits, basket]) {
    await writeFile(path.join(root, name), text);
  }
  return root;
}

function candidate(repo: string, kind: HoleKind, line: number): RepoHole & { repo: string } {
  const place = { path: 'x.js', startByte: line, endByte: line + 1 };
  return { repo, kind, line, ...place, expected: 'x', needs: [] };
}

function filled(
  id: string,
  kind: HoleKind,
  mode: FilledHole['mode'],
  isExact: boolean,
  editSimilarity: number,
): FilledHole {
  const figures = { ttftMs: 10, totalMs: 20, tokensComputed: 30 };
  return { id, repo: 'a', kind, mode, isExact, editSimilarity, ...figures };
}
