import assert from 'node:assert/strict';
import { healable } from '../../../server/completion/healing.js';

describe('what is written anew before a cursor', () => {
  const cases: [before: string, healed: string][] = [
    ['', ''],
    ['a();\n', ''],
    ['  return isFr', ' isFr'],
    ['isFr', 'isFr'],
    ['\tisFr', '\tisFr'],
    ['  this.opt', '.opt'],
    ['f(isFr', '(isFr'],
    ['f((isFr', 'isFr'],
    ['DEFAULT_LEV', '_LEV'],
    ['ünde', 'ünde'],
    ['const a =', ''],
    ['list.', ''],
    ['  if (!', ''],
    ['const a = ', ' '],
    ['    ', ''],
    ['\t', ''],
    ['DEFAULT_', '_'],
    ['const __', ''],
    ['const a = 12', ''],
    ['from2', ''],
    ["import './", ''],
    ["import './lim", 'lim'],
  ];
  for (const [before, healed] of cases) {
    it(`is ${JSON.stringify(healed)} behind ${JSON.stringify(before)}`, () => {
      assert.equal(healable(before), healed);
      assert.equal(healable(`first line\n${before}`), healed);
    });
  }

  it('is nothing of a word that is longer than names are', () => {
    assert.equal(healable('x'.repeat(1000)), '');
  });
});
