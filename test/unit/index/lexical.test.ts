import assert from 'node:assert/strict';
import { LexicalIndex, type LexicalDocument } from '../../../server/index/lexical.js';

function passage(id: number, text: string): LexicalDocument {
  return { id, text, path: `file${id}.ts`, symbols: '' };
}

describe('lexical index', () => {
  it('gives the same scores at once after passages were removed as at the next query', () => {
    const index = LexicalIndex.empty();
    index.add([passage(1, 'basket of the shop'), passage(2, 'shop with a basket and a till')]);
    index.add([passage(3, 'basket'), passage(4, 'basket shop'), passage(5, 'till')]);
    index.remove([3, 4]);
    const first = index.query('basket in the shop', 5);
    assert.deepEqual(index.query('basket in the shop', 5), first);
    assert.deepEqual(first.map(({ id }) => id).sort(), [1, 2]);
  });
});
