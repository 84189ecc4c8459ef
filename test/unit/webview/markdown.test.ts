import assert from 'node:assert/strict';
import { createMarkdown, languageOf } from '../../../extension/webview/markdown.js';

const render = createMarkdown({
  link: (target) => `Target: ${target}`,
  image: (target) => `Not loaded: ${target}`,
});

function html(markdown: string): string {
  return render(markdown).join('');
}

describe('markdown of an answer', () => {
  it('makes no link of a link, but shows where it leads', () => {
    const made = html('See [the docs](https://example.com/a?b=c).');
    assert.doesNotMatch(made, /<a\b|href/u);
    assert.match(made, /the docs<\/span>/u);
    assert.match(made, />\s*\(https:\/\/example\.com\/a\?b=c\)</u);
  });

  it('does not repeat a target that is the text of the link', () => {
    assert.equal(html('<https://example.com/a>').split('>https://example.com/a<').length, 2);
    assert.doesNotMatch(html('<https://example.com/a>'), /\(https/u);
  });

  it('shows targets that other programs would refuse', () => {
    const made = html('[x](javascript:alert%281%29) [y](command:leoam.chat.new)');
    assert.doesNotMatch(made, /<a\b|href/u);
    assert.match(made, /\(javascript:alert/u);
    assert.match(made, /\(command:leoam\.chat\.new\)/u);
  });

  it('loads no image', () => {
    const made = html('![secret](https://example.com/p.png?data=1)');
    assert.doesNotMatch(made, /<img|src=/u);
    assert.match(made, /secret \(Not loaded: https:\/\/example\.com\/p\.png\?data=1\)/u);
  });

  it('shows HTML as text', () => {
    const made = html('<img src=x onerror=alert(1)>\n\nand <b onclick="x">this</b>');
    assert.doesNotMatch(made, /<img|<b\b/u);
    assert.match(made, /&lt;img src=x/u);
  });

  it('cannot be broken out of by quotes in a target or a language', () => {
    const made = html('[x](<a" onmouseover="b>)\n\n```a"onclick="b\ncode\n```');
    assert.doesNotMatch(made, /"\s*on(mouseover|click)=/u);
  });

  it('marks the syntax of languages that it knows', () => {
    const made = html('```ts\nconst a = 1;\n```');
    assert.match(made, /<pre><code class="hljs language-ts">.*hljs-keyword/u);
  });

  it('leaves the code of other languages as it is', () => {
    assert.equal(
      html('```zig\nconst a = "<b>";\n```'),
      '<pre><code class="hljs language-zig">const a = &quot;&lt;b&gt;&quot;;\n</code></pre>',
    );
  });

  it('ends an open code block where the text ends', () => {
    assert.match(html('```\nhalf'), /<code class="hljs">half\n?<\/code><\/pre>$/u);
  });

  it('aligns table columns without styles', () => {
    const made = html('| a | b |\n| --- | ---: |\n| 1 | 2 |');
    assert.doesNotMatch(made, /style=/u);
    assert.match(made, /<td class="align-right">2<\/td>/u);
  });

  it('puts headings below those of the view', () => {
    assert.match(html('# one\n\n###### six'), /<h3>one<\/h3>\s*<h6>six<\/h6>/u);
  });

  it('keeps finished blocks as they were while the last one grows', () => {
    const before = render('First.\n\n- a\n- b\n\nLast');
    const after = render('First.\n\n- a\n- b\n\nLast one');
    assert.equal(before.length, 3);
    assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
    assert.notEqual(after[2], before[2]);
  });
});

describe('language of a code block', () => {
  it('is the first word, without what follows it', () => {
    assert.equal(languageOf('TypeScript'), 'typescript');
    assert.equal(languageOf('c++ {1,2}'), 'c++');
    assert.equal(languageOf('ts:src/a.ts'), 'ts');
    assert.equal(languageOf(' '), '');
  });
});
