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
});
