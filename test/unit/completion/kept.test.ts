import assert from 'node:assert/strict';
import { KeptSuggestions, type KeptSuggestion } from '../../../server/completion/kept.js';

const uri = 'file:///shop/basket.ts';

function suggestion(change: Partial<KeptSuggestion> = {}): KeptSuggestion {
  return {
    uri,
    before: 'const a = ',
    behind: ';\n',
    text: 'total(items)',
    replaced: 0,
    sources: [],
    ...change,
  };
}

describe('suggestions that are kept', () => {
  let kept: KeptSuggestions;

  beforeEach(() => {
    kept = new KeptSuggestions();
  });

  /** What is left where the document is so. */
  const rest = (before: string, behind = ';\n', of = uri): string | undefined =>
    kept.find(of, before, behind)?.text;

  it('leave what has not been typed of them yet', () => {
    kept.add(suggestion());
    assert.equal(rest('const a = '), 'total(items)');
    assert.equal(rest('const a = tot'), 'al(items)');
    assert.equal(rest('const a = total(items'), ')');
  });

  it('come back whole when what was typed is deleted again, and no further', () => {
    kept.add(suggestion());
    assert.equal(rest('const a = tot'), 'al(items)');
    assert.equal(rest('const a = t'), 'otal(items)');
    assert.equal(rest('const a = '), 'total(items)');
    assert.equal(rest('const a ='), undefined);
  });

  it('are gone where something else was typed, or all of them', () => {
    kept.add(suggestion());
    assert.equal(rest('const a = sum'), undefined);
    assert.equal(rest('const a = total(items)'), undefined);
    assert.equal(rest('const a = total(items);'), undefined);
  });

  it('hold only in front of the text that they were made for', () => {
    kept.add(suggestion());
    assert.equal(rest('const a = tot', ';\nreturn a;\n'), undefined);
    assert.equal(rest('const a = tot', '\n'), undefined);
    assert.equal(rest('let b;\nconst a = tot'), undefined);
  });

  it('replace what an editor closed by itself when they write it themselves', () => {
    kept.add(suggestion({ replaced: 0 }));
    const found = kept.find(uri, 'const a = total(', ');\n');
    assert.equal(found?.text, 'items)');
    assert.equal(found.replaced, 1);
  });

  it('replace several closed brackets, also in front of what they replaced before', () => {
    kept.add(suggestion({ text: 'f([1, 2])', behind: ');\n', replaced: 1 }));
    const found = kept.find(uri, 'const a = f([', ']));\n');
    assert.equal(found?.text, '1, 2])');
    // The closers are "])"; the ")" behind them was replaced already.
    assert.equal(found.replaced, 3);
  });

  it('are gone where all that is left of them stands there', () => {
    kept.add(suggestion({ text: 'total)', behind: ');\n', replaced: 1 }));
    assert.equal(rest('const a = tota', ');\n'), 'l)');
    assert.equal(rest('const a = total', ');\n'), undefined);
    kept.add(suggestion({ text: 'f(items)', behind: ';\n' }));
    assert.equal(rest('const a = f(item', ');\n'), 's)');
    assert.equal(rest('const a = f(items', ');\n'), undefined);
  });

  it('replace a quote that was closed', () => {
    kept.add(suggestion({ text: '"apples"' }));
    const found = kept.find(uri, 'const a = "', '";\n');
    assert.equal(found?.text, 'apples"');
    assert.equal(found.replaced, 1);
  });

  it('are gone where brackets were added that they do not write in this order', () => {
    kept.add(suggestion({ text: 'total(items)' }));
    assert.equal(rest('const a = total(', '];\n'), undefined);
    assert.equal(rest('const a = total(', '));\n'), undefined);
    kept.add(suggestion({ text: 'f([1)]' }));
    assert.equal(rest('const a = f([', '])]);\n'), undefined);
  });

  it('are gone where words were added behind the cursor', () => {
    kept.add(suggestion());
    assert.equal(rest('const a = tot', ' + 1;\n'), undefined);
  });

  it('belong to their document', () => {
    kept.add(suggestion());
    assert.equal(rest('const a = tot', ';\n', 'file:///shop/limits.ts'), undefined);
  });

  it('are outdone by a newer one that fits as well', () => {
    kept.add(suggestion());
    kept.add(suggestion({ before: 'const a = to', text: 'days()' }));
    assert.equal(rest('const a = to'), 'days()');
    assert.equal(rest('const a = tod'), 'ays()');
    assert.equal(rest('const a = tot'), 'al(items)');
  });

  it('are remembered for a while, and forgotten when told so', () => {
    kept.add(suggestion());
    for (let other = 0; other < 10; other++) {
      kept.add(suggestion({ before: `let x${other} = ` }));
    }
    assert.equal(rest('const a = tot'), 'al(items)');
    for (let other = 0; other < 100; other++) {
      kept.add(suggestion({ before: `let y${other} = ` }));
    }
    assert.equal(rest('const a = tot'), undefined);
    assert.equal(rest('let y99 = '), 'total(items)');
  });

  it('are gone where another document has been written since', () => {
    kept.add(suggestion());
    kept.forgetOthers(uri);
    assert.equal(rest('const a = tot'), 'al(items)');
    kept.forgetOthers('file:///shop/limits.ts');
    assert.equal(rest('const a = tot'), undefined);
  });

  it('say what they were made of', () => {
    const sources = [{ path: 'src/limits.ts', startLine: 1, endLine: 7 }];
    kept.add(suggestion({ sources, meanLogProbability: -0.25 }));
    const found = kept.find(uri, 'const a = to', ';\n');
    assert.deepEqual(found?.sources, sources);
    assert.equal(found.meanLogProbability, -0.25);
  });
});
