import assert from 'node:assert/strict';
import { extentOf } from '../../../../server/completion/extent.js';
import { postProcess } from '../../../../server/completion/steps/index.js';
import { sample, taken } from './sample.js';

function suggested(marked: string, written: string, languageId?: string): string {
  return taken(marked, postProcess(written, sample(marked, languageId)), languageId);
}

/** Code of the usual shapes, in which no two lines are alike. */
const code = `import { first } from './first.js';

interface Options {
  name: string;
  /** Of it's kind. */
  limit?: number;
}

export function collect(options: Options, paths: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const path of paths.filter((known) => known !== '')) {
    if (path.startsWith(options.name)) {
      found.set(path, weightOf(path, { limit: options.limit ?? 1 }));
    } else {
      const parts = path.split('/').map((part) => \`\${part}: \${parts[0]}\`);
      found.set(parts.join(''), 0);
    }
  }
  return found;
}
`;

describe('what is made of what a model wrote', () => {
  it('is an argument in brackets that stand there', () => {
    assert.equal(suggested('f(‸);\ng();\n', 'a, b);\ng();<|endoftext|>'), 'f(a, b);‸\ng();\n');
  });

  it('is the body of a block that stands closed', () => {
    assert.equal(
      suggested('f() {\n  ‸\n}\n', '  a();\n  b();\n}\n\ng() {\n  c();\n}'),
      'f() {\n  a();\n  b();‸\n}\n',
    );
  });

  it('is a block with its brace in place of the one that the editor wrote', () => {
    assert.equal(suggested('if (a) {‸}\n', '\n  b();\n}\n'), 'if (a) {\n  b();\n}‸\n');
  });

  it('has the line ends of the document', () => {
    assert.equal(
      suggested('f() {\r\n\t‸\r\n}\r\n', 'a();\n\tb();\r\n}\n'),
      'f() {\r\n\ta();\r\n\tb();‸\r\n}\r\n',
    );
  });

  it('is nothing of white space and tokens', () => {
    assert.equal(suggested('‸', '\n  <|fim_middle|>a'), 'empty');
    assert.equal(suggested('f() {\n  a();‸\n}\n', '\n}\n'), 'empty');
  });

  it('is nothing that stands there', () => {
    assert.equal(suggested('f() {\n  ‸\n  next();\n}\n', 'next();\n}\n'), 'repeatsText');
    assert.equal(suggested('f(‸);', ');'), 'repeatsText');
  });

  it('is no loop, and none of what was written last', () => {
    assert.equal(suggested('a();\n‸', 'next();\nnext();\nnext();\nnext'), 'a();\nnext();‸');
    assert.equal(suggested('next();\n‸\n', 'next();\n'), 'repeatsText');
  });

  it('closes no bracket twice', () => {
    assert.equal(suggested('f(‸, b);\n', 'a)'), 'f(a‸, b);\n');
  });

  it('is the missing rest of each line, however far the model goes on', () => {
    const wrong: string[] = [];
    for (let offset = 0; offset < code.length; offset++) {
      const end = code.indexOf('\n', offset);
      const rest = code.slice(offset, end);
      const place = {
        text: code.slice(0, offset) + code.slice(end),
        offset,
        languageId: 'typescript',
      };
      const begun = code.slice(code.lastIndexOf('\n', offset - 1) + 1, offset);
      const isInIndentation = begun !== '' && begun.trim() === '' && rest.startsWith(' ');
      if (rest.trim() === '' || isInIndentation) {
        continue;
      }
      for (const written of [rest, code.slice(offset, end + 40), code.slice(offset)]) {
        const marked = `${place.text.slice(0, offset)}‸${place.text.slice(offset)}`;
        const result = taken(marked, postProcess(written, place)).replace('‸', '');
        if (result !== code) {
          wrong.push(
            `${begun}‸ + ${JSON.stringify(written.slice(0, 60))}\n${result.slice(offset - begun.length, offset + 80)}`,
          );
        }
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('replaces nothing behind the cursor line, and throws at no cursor', () => {
    for (let offset = 0; offset <= code.length; offset++) {
      const place = { text: code, offset, languageId: 'typescript' };
      for (const written of [')', '}', "'", '`', '\n}', 'a)\n', '});\n\n', 'x, {\n  a\n})']) {
        const result = postProcess(written, place);
        if (typeof result === 'object') {
          const replaced = code.slice(offset, offset + result.replaced);
          assert.ok(!replaced.includes('\n'), `${offset}: ${JSON.stringify(result)}`);
          assert.notEqual(result.text, replaced);
        }
        extentOf(place);
      }
    }
  });
});
