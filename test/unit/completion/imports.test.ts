import assert from 'node:assert/strict';
import {
  importSpans,
  importsOf,
  importsWithin,
  mostImportCharacters,
} from '../../../server/completion/imports.js';

/** Statements, each of them whole, between what is none. */
const languages: Record<string, string[]> = {
  TypeScript: [
    "import fs from 'node:fs';",
    "import { add,\n  type Item,\n} from './items.js';",
    "export { add } from './items.js';",
    "import './polyfill.js';",
    "import {\n  a, // of {old}\n  b,\n} from './m.js';",
    "export {\n  net,\n  gross,\n} from './prices.js';",
  ],
  JavaScript: [
    "const path = require('node:path')",
    "const {\n  kReply,\n  kRequest: kAsked\n} = require('./symbols.js')",
    "const { limit } = await import('./limits.js')",
    "const limits = await import('./limits.js')",
  ],
  Python: [
    'import json',
    'from shop import limits',
    'from shop.prices import (\n    net,  # (old)\n    gross,\n)',
    'from shop import a, \\\n    b',
    '    from shop import Item',
  ],
  Go: ['import "fmt"', 'import (\n\t"fmt"\n\t"os"\n)'],
  Rust: [
    'use std::fs;',
    'pub use crate::a::{\n    b::{c, d},\n    e,\n};',
    'pub(crate) use crate::f::G;',
  ],
  C: ['#include <stdio.h>', '#include "limits.h"', '#  include "inner.h"'],
  Ruby: ["require 'json'", "require_relative 'limits'"],
  PHP: ["require_once 'limits.php';", 'use Shop\\Limits;'],
};

describe('the import statements of a file', () => {
  for (const [language, statements] of Object.entries(languages)) {
    it(`are found whole in ${language}, and nothing else`, () => {
      const text = statements.map((one) => `${one}\n\nother = { used: 1 }\n`).join('\n');
      assert.equal(importsOf(text), statements.join('\n'));
      const spans = [...importSpans(text)].map(({ start, end }) => text.slice(start, end));
      assert.deepEqual(spans, statements);
    });
  }

  it('are none where an object is taken apart or a call is made', () => {
    assert.equal(
      importsOf('const { a, b } = options\nlet { c } = make()\nconst d = () => {}\n'),
      '',
    );
  });

  const text = "const {\n  one,\n  two\n} = require('a')\nconst three = require('b')\nwork()\n";

  it('are taken above a place, and of one that goes on there what stands before', () => {
    const whole = "const {\n  one,\n  two\n} = require('a')\n";
    assert.equal(importsWithin(text, 0, text.length), `${whole}const three = require('b')\n`);
    assert.equal(importsWithin(text, 0, text.indexOf('const three')), whole);
    assert.equal(importsWithin(text, 0, text.indexOf('  two')), 'const {\n  one,\n');
    assert.equal(importsWithin(text, whole.length, text.length), "const three = require('b')\n");
    assert.equal(importsWithin(text, 0, 0), '');
  });

  it('are as many as there is room for', () => {
    const many = Array.from({ length: 200 }, (_, i) => `import a${i} from './a${i}.js';`).join(
      '\n',
    );
    const taken = importsWithin(many, 0, many.length);
    assert.ok(taken.length <= mostImportCharacters && taken.length > mostImportCharacters - 40);
    assert.ok(many.startsWith(taken));
  });
});
