import assert from 'node:assert/strict';
import { cursorWindow, type WindowLimits } from '../../../server/completion/cursorWindow.js';

describe('the window around a cursor', () => {
  const limits: WindowLimits = { prefixCharacters: 40, suffixCharacters: 20 };
  const text = Array.from({ length: 20 }, (_, i) => `line ${i} of it`).join('\n');
  const at = text.indexOf('line 10');

  it('is whole lines before and behind the cursor', () => {
    const { prefix, suffix, start } = cursorWindow(text, at, undefined, limits);
    assert.ok(prefix.startsWith('line '), prefix);
    assert.equal(text.slice(start, start + prefix.length), prefix);
    assert.ok(prefix.length <= limits.prefixCharacters);
    assert.ok(suffix.startsWith('line 10') && suffix.endsWith('\n'), suffix);
  });

  it('is all of a short file', () => {
    const { prefix, suffix } = cursorWindow('const a = ;\n', 10);
    assert.equal(prefix, 'const a = ');
    assert.equal(suffix, ';\n');
  });

  it('keeps its edges while one types and deletes', () => {
    const before = cursorWindow(text, at, undefined, limits);
    let typed = text;
    let cursor = at;
    for (const letter of 'const x = 1') {
      typed = typed.slice(0, cursor) + letter + typed.slice(cursor);
      cursor++;
      const window = cursorWindow(typed, cursor, before.start, limits);
      assert.equal(window.start, before.start);
      assert.equal(window.suffix, before.suffix);
    }
    assert.equal(cursorWindow(text, at, before.start, limits).prefix, before.prefix);
  });

  it('moves its start on when the prefix has grown by half', () => {
    const before = cursorWindow(text, at, undefined, limits);
    const later = cursorWindow(text, at + 60, before.start, limits);
    assert.ok(later.start > before.start);
    assert.ok(later.prefix.length <= limits.prefixCharacters);
  });

  it('is a part of a line that is longer than it, and stays while one types there', () => {
    const paragraph = `${text}\n${'word '.repeat(100)}\n${text}`;
    const cursor = paragraph.indexOf('word') + 250;
    const first = cursorWindow(paragraph, cursor, undefined, limits);
    assert.equal(first.prefix, paragraph.slice(cursor - limits.prefixCharacters, cursor));
    assert.equal(first.suffix, paragraph.slice(cursor, cursor + limits.suffixCharacters));
    const typed = `${paragraph.slice(0, cursor)}x${paragraph.slice(cursor)}`;
    const later = cursorWindow(typed, cursor + 1, first.start, limits);
    assert.equal(later.start, first.start);
    assert.equal(later.suffix, first.suffix);
  });

  it('ends before a line that is longer than it', () => {
    const cut = `const a = ;\nconst b = 2;\nconst data = '${'A'.repeat(10_000)}';\n`;
    const { suffix } = cursorWindow(cut, 10, undefined, limits);
    assert.equal(suffix, ';\nconst b = 2;\n');
  });

  it('does not cut a character of two units', () => {
    for (const at of [300, 301, 302, 303]) {
      const { prefix, suffix } = cursorWindow('\u{1F600}'.repeat(300), at - (at % 2), undefined, {
        prefixCharacters: at - 260,
        suffixCharacters: at - 270,
      });
      assert.match(prefix + suffix, /^(?:\u{1F600})+$/u);
    }
  });

  it('begins anew where the cursor has gone before its start, or the text has shifted', () => {
    const { start } = cursorWindow(text, at, undefined, limits);
    const jumped = cursorWindow(text, start - 5, start, limits);
    assert.ok(jumped.start < start);
    const shifted = cursorWindow(`x${text}`, at + 1, start, limits);
    assert.equal(`x${text}`[shifted.start - 1], '\n');
  });
});
