import assert from 'node:assert/strict';
import { doubledWord } from '../../../../server/completion/steps/doubledWord.js';
import { after } from './sample.js';

const known = "import { isFree, price$ } from './limits.js';\n";

describe('the letters before the cursor', () => {
  it('are not written again', () => {
    assert.equal(after(doubledWord, `${known}isFr‸`, 'Free(a);'), `${known}isFree(a);‸`);
    assert.equal(after(doubledWord, `${known}isF‸`, 'Free(a);'), `${known}isFree(a);‸`);
    assert.equal(after(doubledWord, `${known}(is‸)`, 'isFree'), `${known}(isFree‸)`);
    assert.equal(after(doubledWord, `${known}a.pri‸`, 'price$'), `${known}a.price$‸`);
  });

  it('are where the document knows no such name', () => {
    assert.equal(after(doubledWord, `${known}isCar‸`, 'Care(a);'), `${known}isCarCare(a);‸`);
  });

  it('are where the document knows both', () => {
    const both = `${known}isFrFree();\n`;
    assert.equal(after(doubledWord, `${both}isFr‸`, 'Free()'), `${both}isFrFree()‸`);
  });

  it('are of numbers', () => {
    const counted = 'const most = 1000;\n';
    assert.equal(after(doubledWord, `${counted}f(10‸`, '000)'), `${counted}f(10000)‸`);
  });

  it('are looked for in a line of any length', () => {
    const long = `const key = '${'0a'.repeat(100_000)}' + isFr`;
    assert.equal(after(doubledWord, `${known}${long}‸`, 'Free()'), `${known}${long}ee()‸`);
  });

  it('are those of one word alone', () => {
    assert.equal(after(doubledWord, `${known}is ‸`, 'isFree'), `${known}is isFree‸`);
    assert.equal(after(doubledWord, `${known}isFree‸`, 'Free()'), `${known}isFreeFree()‸`);
    assert.equal(after(doubledWord, `${known}is‸`, ''), `${known}is‸`);
  });
});
