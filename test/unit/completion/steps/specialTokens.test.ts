import assert from 'node:assert/strict';
import { specialTokens } from '../../../../server/completion/steps/specialTokens.js';
import { after } from './sample.js';

describe('special tokens in a suggestion', () => {
  const cases: [name: string, written: string, kept: string][] = [
    ['end it', 'a + b;<|endoftext|>', 'a + b;'],
    ['end it with all that follows', 'a;<|file_sep|>src/b.ts\nb;', 'a;'],
    ['end it at the first of them', 'a<|fim_middle|>b<|fim_prefix|>c', 'a'],
    ['of other families end it as well', 'a;<fim_suffix>b', 'a;'],
    ['end it where one was begun only', 'a;\n<|fim_mid', 'a;\n'],
    ['leave nothing where it begins with one', '<|endoftext|>', ''],
  ];
  for (const [name, written, kept] of cases) {
    it(name, () => {
      assert.equal(after(specialTokens, 'x = ‸\n', written), `x = ${kept}‸\n`);
    });
  }

  it('are no operators', () => {
    assert.equal(
      after(specialTokens, 'let a = ‸', 'f <| g |> h <|x', 'fsharp'),
      'let a = f <| g |> h <|x‸',
    );
  });

  it('are no types', () => {
    assert.equal(after(specialTokens, 'x: ‸', 'Map<file, A|B>'), 'x: Map<file, A|B>‸');
  });
});
