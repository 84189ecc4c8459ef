import assert from 'node:assert/strict';
import type { SourceView } from '../../../extension/shared/messages.js';
import {
  findSource,
  linesSuffix,
  sourceName,
  splitPath,
  visibleName,
} from '../../../extension/webview/names.js';

function source(path: string, startLine: number, endLine: number): SourceView {
  return { path, startLine, endLine, weight: 0.5, isOutdated: false };
}

describe('names in the chat view', () => {
  it('show characters that turn the direction of text', () => {
    assert.equal(visibleName('src/\u202egnp.ts'), 'src/<U+202E>gnp.ts');
  });

  it('show line breaks, zero-width and control characters', () => {
    assert.equal(visibleName('a\nb\u200bc\u0007'), 'a<U+000A>b<U+200B>c<U+0007>');
  });

  it('keep letters of every script', () => {
    assert.equal(visibleName('src/größe/日本.ts'), 'src/größe/日本.ts');
  });

  it('are cut before their last part', () => {
    assert.deepEqual(splitPath('src/chat/a.ts'), { folder: 'src/chat/', name: 'a.ts' });
    assert.deepEqual(splitPath('a.ts'), { folder: '', name: 'a.ts' });
    assert.deepEqual(splitPath('src/chat/'), { folder: 'src/', name: 'chat/' });
  });

  it('carry one line, several or none', () => {
    assert.equal(linesSuffix({ startLine: 4, endLine: 4 }), ':4');
    assert.equal(linesSuffix({ startLine: 4, endLine: 9 }), ':4-9');
    assert.equal(linesSuffix({ startLine: 0, endLine: 0 }), '');
    assert.equal(sourceName(source('src/a.ts', 4, 9)), 'src/a.ts:4-9');
  });
});

describe('sources named in an answer', () => {
  const sources = [source('src/b.ts', 1, 9), source('src/a.ts', 1, 9), source('src/a.ts', 20, 29)];

  it('are found by path and line', () => {
    assert.equal(findSource('src/a.ts', sources), 1);
    assert.equal(findSource('src/a.ts:25', sources), 2);
    assert.equal(findSource('src/a.ts:8-12', sources), 1);
  });

  it('are not found by lines that nobody looked at, nor by half a name', () => {
    assert.equal(findSource('src/a.ts:15', sources), undefined);
    assert.equal(findSource('src/a.tsx', sources), undefined);
    assert.equal(findSource('a.ts', sources), undefined);
    assert.equal(findSource('src/a.ts:x', sources), undefined);
  });
});
