import assert from 'node:assert/strict';
import type { Part } from '../../server/engine/addon.js';
import type { SegmentPlan } from '../../server/index/types.js';
import {
  evidenceParts,
  fullParts,
  storedParts,
  type SegmentLookup,
} from '../../server/prompt/parts.js';

// Chunks of two tokens; token values tell segment and place.
function segment(path: string, part: number, chunks: number): SegmentPlan {
  return {
    key: `${path}#${part}`,
    path,
    part,
    tokens: Int32Array.from({ length: 2 * chunks }, (_, i) => 100 * part + i),
    chunks: Array.from({ length: chunks }, (_, i) => ({
      startLine: i,
      endLine: i,
      startOffset: 0,
      endOffset: 0,
      tokenEnd: 2 * (i + 1),
    })),
  };
}

const segments = [segment('a.ts', 0, 4), segment('a.ts', 1, 3), segment('b.ts', 0, 3)];

function lookup(stored: (key: string) => boolean): SegmentLookup {
  return {
    segment: (path, part) => segments.find((one) => one.path === path && one.part === part),
    hasSegments: (keys) => keys.map(stored),
  };
}

const everything = lookup((key) => key.includes('#'));
const nothing = lookup(() => false);

function tokensOf(part: Part | undefined): number[] {
  return part === undefined || part.kind === 'chunks' ? [] : [...part.tokens];
}

describe('parts of a prompt', () => {
  it('takes the header and the passage as one range where they adjoin', () => {
    const piece = { path: 'a.ts', ranges: [{ part: 0, first: 1, last: 3 }] };
    assert.deepEqual(evidenceParts('leoam', [piece], everything).parts, [
      { kind: 'chunks', key: 'a.ts#0', first: 0, last: 3 },
    ]);
  });

  it('takes the header once when a signature lies in an earlier segment', () => {
    const piece = {
      path: 'a.ts',
      ranges: [
        { part: 0, first: 2, last: 3 },
        { part: 1, first: 1, last: 3 },
      ],
    };
    assert.deepEqual(evidenceParts('leoam', [piece], everything).parts, [
      { kind: 'chunks', key: 'a.ts#0', first: 0, last: 1 },
      { kind: 'chunks', key: 'a.ts#0', first: 2, last: 3 },
      { kind: 'chunks', key: 'a.ts#1', first: 1, last: 3 },
    ]);
  });

  it('has the same tokens as text in mode rag as it takes from the store in mode leoam', () => {
    const piece = { path: 'a.ts', ranges: [{ part: 0, first: 2, last: 4 }] };
    const rag = evidenceParts('rag', [piece], everything);
    assert.deepEqual(tokensOf(rag.parts[0]), [0, 1, 4, 5, 6, 7]);
    assert.equal(rag.tokens, evidenceParts('leoam', [piece], everything).tokens);
  });

  it('computes and keeps what is not stored, and finds it again', () => {
    const piece = { path: 'a.ts', ranges: [{ part: 0, first: 2, last: 4 }] };
    const [part] = evidenceParts('leoam', [piece], nothing).parts;
    assert.ok(part?.kind === 'keep');
    assert.deepEqual([...part.chunkEnds], [2, 4, 6]);
    const again = evidenceParts(
      'leoam',
      [piece],
      lookup((key) => key === part.key),
    );
    assert.deepEqual(again.parts, [{ kind: 'chunks', key: part.key, first: 0, last: 3 }]);
  });

  it('says for each part to which evidence it belongs', () => {
    const made = evidenceParts(
      'leoam',
      [
        { path: 'a.ts', ranges: [{ part: 0, first: 2, last: 4 }] },
        { path: 'gone.ts', ranges: [{ part: 0, first: 1, last: 2 }] },
        { path: 'b.ts', ranges: [{ part: 0, first: 1, last: 2 }] },
      ],
      everything,
    );
    assert.deepEqual(made.evidenceOf, [0, 0, 2]);
  });

  it('shows the header of a long file once in mode full', () => {
    const full = fullParts(segments);
    assert.deepEqual(tokensOf(full.parts[1]), [102, 103, 104, 105]);
    assert.equal(full.tokens, 8 + 4 + 6);
  });

  it('takes the same tokens from the store where a repository stays on disk', () => {
    const stored = storedParts(segments);
    assert.equal(stored.tokens, 8 + 4 + 6);
    assert.deepEqual(
      stored.parts.map((part) => part.kind === 'chunks' && part.first),
      [0, 1, 0],
    );
  });
});
