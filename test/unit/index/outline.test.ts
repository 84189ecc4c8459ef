import assert from 'node:assert/strict';
import { outlineOf } from '../../../server/index/outline.js';

async function definitions(path: string, text: string): Promise<string[]> {
  const { definitions } = await outlineOf(path, text, text.split('\n'));
  return definitions.map((d) => `${d.kind} ${d.name} ${d.startLine}-${d.endLine}`);
}

describe('outline', () => {
  const cases: [language: string, path: string, text: string, expected: string[]][] = [
    [
      'TypeScript',
      'a.ts',
      `import x from './x';
export class A extends B {
  #secret() {}
  handler = () => 1;
}
export interface I { a: string }
type T = string;
enum E { One }
export const limit = 3;
const fn = async (a: number) => {
  return a;
};
export function run(): void {
  function inner() {}
}
declare function ambient(): void;
export default class {}
`,
      [
        'class A 2-5',
        'method secret 3-3',
        'method handler 4-4',
        'interface I 6-6',
        'type T 7-7',
        'enum E 8-8',
        'variable limit 9-9',
        'function fn 10-12',
        'function run 13-15',
        'function inner 14-14',
        'function ambient 16-16',
        'class a 17-17',
      ],
    ],
    [
      'CommonJS',
      'lib/reply.js',
      `'use strict'
const fs = require('node:fs')
exports.send = function (x) {}
exports.limit = 5
exports.send2 = send2
module.exports.close = () => {}
Reply.prototype.header = function () {}
function send2() {}
module.exports = function (options) {
}
`,
      [
        'function send 3-3',
        'variable limit 4-4',
        'function close 6-6',
        'function header 7-7',
        'function send2 8-8',
        'module reply 9-10',
      ],
    ],
    [
      'tables of named entries',
      'lib/errors.js',
      `const codes = {
  /** Said where it is. */
  ERR_NO_TEXT: createError(
    'no text',
    400),
  plain: 1,
  kSame: kOther,
  onClose() {},
  onOpen: () => {},
}
module.exports = { bodyLimit: 1024, codes }
exports.frozen = Object.freeze({ maxDepth: 3 })
function run() {
  const local = { notHere: 1 }
}
`,
      [
        'variable codes 1-10',
        'property ERR_NO_TEXT 3-5',
        'method onClose 8-8',
        'method onOpen 9-9',
        'module errors 11-11',
        'property bodyLimit 11-11',
        'variable frozen 12-12',
        'property maxDepth 12-12',
        'function run 13-15',
      ],
    ],
    [
      'tables in TypeScript',
      'a.ts',
      `export const limits = { maxItems: 3 } as const;
const texts = { tooMany: 'no' } satisfies Texts;
`,
      [
        'variable limits 1-1',
        'property maxItems 1-1',
        'variable texts 2-2',
        'property tooMany 2-2',
      ],
    ],
    [
      'Python',
      'a.py',
      `LIMIT = 3
class A(B):
    field = 1
    def m(self):
        pass
async def f():
    return 1
`,
      ['variable LIMIT 1-1', 'class A 2-5', 'variable field 3-3', 'method m 4-5', 'function f 6-7'],
    ],
    [
      'Go',
      'a.go',
      `package a
const Max = 3
type S struct { a int }
type I interface { F() }
func (s *S) M() int { return 1 }
func F() {}
`,
      ['variable Max 2-2', 'class S 3-3', 'interface I 4-4', 'method M 5-5', 'function F 6-6'],
    ],
    [
      'Rust',
      'a.rs',
      `pub struct S { a: u8 }
impl S {
    pub fn new() -> S { S { a: 1 } }
}
trait T { fn t(&self); }
enum E { A }
const MAX: u8 = 1;
`,
      [
        'class S 1-1',
        'class S 2-4',
        'method new 3-3',
        'interface T 5-5',
        'method t 5-5',
        'enum E 6-6',
        'variable MAX 7-7',
      ],
    ],
    [
      'Java',
      'A.java',
      `class A {
  static final int MAX = 1;
  A() {}
  int run() { return 1; }
}
`,
      ['class A 1-5', 'variable MAX 2-2', 'method A 3-3', 'method run 4-4'],
    ],
    [
      'C++',
      'a.cc',
      `#define LIMIT 3
namespace n {
class A {
 public:
  int Size() const;
};
int A::Size() const {
  return 1;
}
static const char* Name(int x) { return ""; }
}
`,
      [
        'variable LIMIT 1-1',
        'module n 2-11',
        'class A 3-6',
        'method Size 5-5',
        'function Size 7-9',
        'function Name 10-10',
      ],
    ],
    [
      'C#',
      'A.cs',
      `class A {
  public int Size { get; }
  public void Run() {}
}
`,
      ['class A 1-4', 'variable Size 2-2', 'method Run 3-3'],
    ],
    [
      'Ruby',
      'a.rb',
      `module M
  class A
    MAX = 1
    def run
    end
    def self.make; end
  end
end
`,
      ['module M 1-8', 'class A 2-7', 'variable MAX 3-3', 'method run 4-5', 'method make 6-6'],
    ],
    [
      'PHP',
      'a.php',
      `<?php
class A {
  const MAX = 1;
  function run() {}
}
function f() {}
`,
      ['class A 2-5', 'variable MAX 3-3', 'method run 4-4', 'function f 6-6'],
    ],
    [
      'a language without a grammar',
      'a.kt',
      `class A {
    fun run() {
        val x = 1
    }
}

fun top(): Int = 1
`,
      ['class A 1-5', 'function run 2-4', 'function top 7-7'],
    ],
  ];
  for (const [language, path, text, expected] of cases) {
    it(`finds the definitions of ${language}`, async () => {
      assert.deepEqual(await definitions(path, text), expected);
    });
  }

  it('begins a top-level symbol with the comments above it, and a list of imports once', async () => {
    const text = `import a from 'a';
import b from 'b';

// Says
// something.
function f() {}
`;
    const { topLevelStarts } = await outlineOf('a.js', text, text.split('\n'));
    assert.deepEqual([...topLevelStarts], [1, 4]);
  });

  it('survives text that is no program', async () => {
    assert.deepEqual(await definitions('a.ts', '}}}} class {{{ \n\u0001'), []);
  });

  it('looks at the lines of a file that takes a grammar too long', async () => {
    const text = `function tax() {}\n${'(\n'.repeat(100_000)}`;
    assert.deepEqual(await definitions('a.ts', text), ['function tax 1-1']);
  }).timeout(20_000);

  it('looks at the lines of a file that takes a grammar too much memory, and parses the next', async () => {
    const before = process.memoryUsage().rss;
    const text = `def tax(rate):\n  return rate\n${'/*\n'.repeat(20_000)}`;
    assert.equal((await definitions('a.py', text)).length, 1);
    assert.deepEqual(await definitions('a.py', 'class Rate:\n  pass\n'), ['class Rate 1-2']);
    assert.ok(process.memoryUsage().rss - before < 600 << 20);
  }).timeout(20_000);
});
