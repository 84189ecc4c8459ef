import assert from 'node:assert/strict';
import { blockEnds, blocksOf } from '../../../server/completion/blocks.js';
import { seededRandom } from '../../bench/statistics.js';

const bodies = [
  [
    '  const total = sum(items);',
    '  if (total > 100) {',
    '    return 0;',
    '  }',
    '  return total;',
  ],
  ['  this.count += 1;', '', '  for (const item of this.items) {', '    item.ship();', '  }'],
  ['  return new Map(', '    entries.map(({ key, value }) => [key, value]),', '  );'],
];

/** Functions with blank lines between them, and no two that are equal. */
function program(functions: number): string {
  return Array.from({ length: functions }, (_, i) =>
    [
      `/** What number ${i} does. */`,
      `export function work${i}(items: Item[]): number {`,
      ...(bodies[i % bodies.length] ?? []),
      '}',
      '',
      '',
    ].join('\n'),
  ).join('');
}

/** All texts of blocks, what follows them included. */
function texts(text: string): string[] {
  const { blocks, rest } = blocksOf(text);
  return [...blocks, rest];
}

/** How many of `after` were not there before. */
function changed(before: readonly string[], after: readonly string[]): number {
  const known = new Set(before);
  return after.filter((block) => !known.has(block)).length;
}

function insertLine(text: string, line: number, added: string): string {
  const lines = text.split('\n');
  lines.splice(line, 0, added);
  return lines.join('\n');
}

describe('blocks of text', () => {
  it('are the text again when they are joined, whole lines each', () => {
    for (const text of ['', '\n', 'a', 'a\n', '\n\n\n\n', program(9), program(3).trimEnd()]) {
      const { blocks, rest } = blocksOf(text);
      assert.equal(blocks.join('') + rest, text);
      assert.ok(blocks.every((block) => block.endsWith('\n')));
      assert.ok(!blocks.includes(''));
    }
  });

  it('never begin with a blank line, whatever ends the lines', () => {
    for (const text of [program(12), program(12).replaceAll('\n', '\r\n')]) {
      for (const end of blockEnds(text)) {
        assert.doesNotMatch(text.slice(end), /^[ \t]*\r?(?:\n|$)/u);
      }
    }
  });

  it('are small enough that one of them is soon computed, also without any structure', () => {
    const flat = Array.from({ length: 200 }, (_, i) => `  step(${i});\n`).join('');
    for (const block of blocksOf(flat).blocks) {
      assert.ok(block.split('\n').length - 1 <= 24, block);
    }
    assert.ok(blockEnds(flat).length >= 200 / 24 - 1);
  });

  it('stay what they are when text grows at its end', () => {
    const text = program(8);
    let before: string[] = [];
    for (let length = 0; length <= text.length; length += 7) {
      const { blocks } = blocksOf(text.slice(0, length));
      assert.deepEqual(blocks.slice(0, Math.max(0, before.length - 1)), before.slice(0, -1));
      before = blocks;
    }
  });

  it('stay but for those around a line that was put in', () => {
    const text = program(30);
    const before = texts(text);
    assert.ok(before.length > 25, `${before.length}`);
    for (let line = 0; line < text.split('\n').length; line += 3) {
      const after = texts(insertLine(text, line, '  // checked again before it is used'));
      assert.ok(changed(before, after) <= 3, `line ${line}: ${changed(before, after)} blocks`);
    }
  });

  it('stay but for those around a line that was taken out', () => {
    const text = program(30);
    const lines = text.split('\n');
    for (let line = 0; line < lines.length; line += 3) {
      const less = lines.filter((_, at) => at !== line).join('\n');
      assert.ok(changed(texts(text), texts(less)) <= 3, `line ${line}`);
    }
  });

  it('stay but for those around a line that was put in, also where no line stands out', () => {
    const list = Array.from({ length: 90 }, (_, i) => `export const price${i} = ${37 * i};\n`);
    const body = Array.from({ length: 90 }, (_, i) => `  step(${37 * i});\n`);
    for (const lines of [list, body]) {
      const before = texts(lines.join(''));
      const after = texts(insertLine(lines.join(''), 30, '// checked again'));
      assert.ok(changed(before, after) <= 3, `${changed(before, after)} of ${after.length}`);
    }
  });

  it('are what they were behind any edits, most of them @property', () => {
    const random = seededRandom(7);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    for (let round = 0; round < 200; round++) {
      let text = program(10 + upTo(20));
      const before = texts(text);
      const edits = 1 + upTo(3);
      for (let edit = 0; edit < edits; edit++) {
        const at = upTo(text.length);
        const gone = upTo(3) === 0 ? upTo(60) : 0;
        const added = ['', 'x', '\n', '  y();\n', '\n\n', '}\n'][upTo(6)] ?? '';
        text = text.slice(0, at) + added + text.slice(at + gone);
      }
      const after = texts(text);
      assert.equal(after.join(''), text);
      for (const end of blockEnds(text)) {
        assert.notEqual(text.slice(end).split('\n')[0]?.trim(), '');
      }
      assert.ok(
        changed(before, after) <= 4 * edits,
        `round ${round}: ${changed(before, after)} of ${after.length} blocks after ${edits} edits`,
      );
    }
  });
});
