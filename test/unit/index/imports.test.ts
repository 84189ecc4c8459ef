import assert from 'node:assert/strict';
import { ImportResolver, importsIn } from '../../../server/index/imports.js';

describe('imports', () => {
  function resolve(from: string, text: string, paths: string[]): string[] {
    const resolver = new ImportResolver([from, ...paths]);
    return importsIn(from, text).flatMap((specifier) => resolver.resolve(from, specifier));
  }

  it('of TypeScript: .js means .ts, a folder its index, a package nothing', () => {
    const text = `import a from './a.js';
export * from '../lib';
import 'zod';
const b = await import('./b');
`;
    assert.deepEqual(
      resolve('src/x.ts', text, ['src/a.ts', 'lib/index.ts', 'src/b.tsx', 'src/zod.ts']),
      ['src/a.ts', 'lib/index.ts', 'src/b.tsx'],
    );
  });

  it('of TypeScript by the names that projects give to folders of theirs, the nearest first', () => {
    const text = `import a from '@/shop/tax';
import b from '~/pay.js';
import c from '#dates';
import d from '$lib/e';
import e from 'src/f';
import g from '@scope/shop/tax';
import h from 'dates';
`;
    const paths = [
      'apps/web/src/shop/tax.ts',
      'src/shop/tax.ts',
      'pay.ts',
      'apps/web/src/dates.ts',
    ];
    assert.deepEqual(
      resolve('apps/web/src/pages/x.ts', text, [...paths, 'apps/web/src/lib/e.ts', 'src/f.tsx']),
      [
        'apps/web/src/shop/tax.ts',
        'pay.ts',
        'apps/web/src/dates.ts',
        'apps/web/src/lib/e.ts',
        'src/f.tsx',
      ],
    );
  });

  it('of CommonJS', () => {
    const text = "const { x } = require('./lib/x')\nconst fs = require('node:fs')\n";
    assert.deepEqual(resolve('index.js', text, ['lib/x.js']), ['lib/x.js']);
  });

  it('of Python: dots are folders, a leading dot is the own one', () => {
    const text = 'from .util import a\nfrom ..core.base import B\nimport pkg.main\nimport os\n';
    assert.deepEqual(
      resolve('pkg/sub/x.py', text, ['pkg/sub/util.py', 'pkg/core/base.py', 'pkg/main.py']),
      ['pkg/sub/util.py', 'pkg/core/base.py', 'pkg/main.py'],
    );
  });

  it('of Python: what is taken of a package may be a file of it', () => {
    const text = `from . import util as u, base
from pkg.core import (
    tax,  # by country
    Rate,
)
from pkg import main, \\
    dates
`;
    const paths = ['util', 'base', 'core/__init__', 'core/tax', '__init__', 'main', 'dates'];
    assert.deepEqual(
      resolve(
        'pkg/x.py',
        text,
        [...paths, 'country'].map((name) => `pkg/${name}.py`),
      ),
      ['__init__', 'util', 'base', 'core/__init__', 'core/tax', '__init__', 'main', 'dates'].map(
        (name) => `pkg/${name}.py`,
      ),
    );
  });

  it('of Rust: several at once, and from further above', () => {
    const text = `pub(crate) mod tax;
use crate::{kv::{self, Codec}, store::Segment};
use super::super::dates::Day;
`;
    assert.deepEqual(
      resolve('src/shop/basket.rs', text, [
        ...['src/shop/basket/tax.rs', 'src/kv/mod.rs', 'src/store.rs', 'src/dates.rs'],
      ]),
      ['src/shop/basket/tax.rs', 'src/kv/mod.rs', 'src/store.rs', 'src/dates.rs'],
    );
  });

  it('of C++: beside the file or below an include folder', () => {
    const text = '#include "kv/codec.h"\n#include <vector>\n';
    assert.deepEqual(resolve('native/store/a.cc', text, ['native/kv/codec.h']), [
      'native/kv/codec.h',
    ]);
  });

  it('of Go, Rust and Java', () => {
    assert.deepEqual(
      resolve('main.go', 'import "example.com/m/store"\n', ['store/a.go', 'store/a_test.go']),
      ['store/a.go'],
    );
    assert.deepEqual(
      resolve('src/main.rs', 'mod store;\nuse crate::kv::Codec;\n', [
        'src/store.rs',
        'src/kv/mod.rs',
      ]),
      ['src/store.rs', 'src/kv/mod.rs'],
    );
    assert.deepEqual(resolve('A.java', 'import com.x.Store;\n', ['src/com/x/Store.java']), [
      'src/com/x/Store.java',
    ]);
  });

  it('of a file that is nearly all blank lines are found as soon as of any other', () => {
    const blank = '\n'.repeat(500_000);
    assert.deepEqual(importsIn('a.py', `${blank}import b\n`), ['b']);
    assert.deepEqual(importsIn('a.rs', `${'pub('.repeat(100_000)}\nmod b;\n`), ['b']);
    assert.deepEqual(importsIn('b.rs', 'use crate::{\n'.repeat(50_000)), ['crate']);
  });
});
