import assert from 'node:assert/strict';
import { namesAround } from '../../../extension/completion/namesAround.js';

describe('names around a cursor', () => {
  const text = ['function total(items) {', '  const sum = addUp(items);', '  return ', '}'].join(
    '\n',
  );

  it('are those of the nearest lines first, each once, without keywords and short words', () => {
    assert.deepEqual(
      namesAround(text, 2).map(({ name }) => name),
      ['sum', 'addUp', 'items', 'total'],
    );
  });

  it('have the places where they stand', () => {
    const addUp = namesAround(text, 2).find(({ name }) => name === 'addUp');
    assert.deepEqual(addUp, { name: 'addUp', line: 1, character: 14 });
  });

  it('may be written in any script', () => {
    assert.deepEqual(
      namesAround('größe = länge_2 * $faktor', 0).map(({ name }) => name),
      ['größe', 'länge_2', '$faktor'],
    );
  });

  it('are few, however long the lines are', () => {
    const many = Array.from({ length: 500 }, (_, i) => `name${i}`).join(' ');
    assert.equal(namesAround(many, 0).length, 8);
    assert.deepEqual(namesAround('', 0), []);
  });
});
