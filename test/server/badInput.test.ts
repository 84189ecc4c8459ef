import assert from 'node:assert/strict';
import { chmod, copyFile, open, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AskResult } from '../../server/chat/asked.js';
import { homeFolder, modelPath } from '../../server/models/index.js';
import {
  homeWithModel,
  leoam,
  leoamJson,
  shopFiles,
  smallModel,
  temporaryFolder,
  temporaryRepository,
  type CommandResult,
} from './setup.js';

const question = 'How many items fit into a basket at most?';

/** Exit code 1, and one sentence that matches. */
function assertFailed(result: CommandResult, message: RegExp): void {
  assert.equal(result.code, 1, result.stderr);
  const lines = result.stderr.trimEnd().split('\n');
  assert.match(lines.at(-1) ?? '', message);
  assert.ok(!result.stderr.includes('    at '), `a stack trace:\n${result.stderr}`);
}

describe('bad models', function () {
  this.timeout(60_000);
  let home: string;
  let repo: string;

  before(async () => {
    home = await temporaryFolder('home');
    repo = await temporaryRepository(shopFiles);
  });

  const askWith = (model: string): Promise<CommandResult> =>
    leoam(['ask', question, '--repo', repo, '--model', model], { home });

  it('are told when they are no GGUF', async () => {
    const path = join(home, 'notes.gguf');
    await writeFile(path, 'These are notes.');
    assertFailed(await askWith(path), /notes\.gguf is not a GGUF file/);
  });

  it('are told when they are truncated', async () => {
    const path = join(home, 'half.gguf');
    await copyFile(modelPath(homeFolder(), smallModel), path);
    await truncate(path, 40_000_000);
    assertFailed(await askWith(path), /half\.gguf is truncated/);
  });

  it('are told when their architecture is not supported', async () => {
    const path = join(home, 'mamba.gguf');
    await writeFile(path, ggufOfArchitecture('mamba'));
    assertFailed(await askWith(path), /mamba/);
  });

  it('are told when nobody knows them', async () => {
    assertFailed(await askWith('gpt-17'), /no model "gpt-17"; name one of /);
  });
});

/** What starts a program that may read no more than the modes of files say: root may read all. */
function withoutPrivileges(): string[] {
  const isRoot = process.getuid?.() === 0;
  return isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
}

describe('bad repositories and questions', function () {
  this.timeout(120_000);
  let home: string;
  const common = ['--model', smallModel, '--threads', '1'];

  before(async () => {
    home = await homeWithModel();
  });

  it('an empty folder has nothing to read', async () => {
    const repo = await temporaryRepository({});
    assertFailed(await leoam(['index', ...common, '--repo', repo], { home }), /holds no files/);
  });

  it('a folder of unreadable kinds of files says why they are left out', async () => {
    const repo = await temporaryRepository({ 'a.ts': Uint8Array.from([0, 1, 0, 2]) });
    const result = await leoam(['index', ...common, '--repo', repo], { home });
    assertFailed(result, /holds no file to read; 1 were left out \(binary/);
  });

  it('files that cannot be source text are left out, each with its reason @slow', async () => {
    const repo = await temporaryRepository({
      ...shopFiles,
      'huge.ts': Buffer.alloc(50 << 20, 'export const a = 1;\n'),
      'latin1.ts': Buffer.from('const name = "Ren\xe9";\n', 'latin1'),
      'binary.ts': Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0]),
    });
    await symlink('loop.ts', join(repo, 'loop.ts'));
    await symlink('gone.ts', join(repo, 'dangling.ts'));
    const report = await leoamJson<{ files: number; skipped: { path: string; reason: string }[] }>(
      ['index', ...common, '--repo', repo],
      home,
    );
    assert.equal(report.files, 3);
    assert.deepEqual(Object.fromEntries(report.skipped.map(({ path, reason }) => [path, reason])), {
      'huge.ts': 'over 1 MiB',
      'latin1.ts': 'invalid UTF-8',
      'binary.ts': 'binary',
      'loop.ts': 'link that leads nowhere (ELOOP)',
      'dangling.ts': 'link that leads nowhere (ENOENT)',
    });
  });

  it('a file that may not be read is left out with its reason', async () => {
    const repo = await temporaryRepository(shopFiles);
    await chmod(join(repo, 'README.md'), 0);
    const report = await leoamJson<{ skipped: { path: string; reason: string }[] }>(
      ['index', ...common, '--repo', repo],
      home,
      withoutPrivileges(),
    );
    assert.deepEqual(report.skipped, [{ path: 'README.md', reason: 'unreadable (EACCES)' }]);
  });

  it('a question longer than the window is refused before anything is computed', async () => {
    const repo = await temporaryRepository(shopFiles);
    const long = 'why '.repeat(12_000);
    const result = await leoam(['ask', long, ...common, '--repo', repo], { home });
    assertFailed(result, /question takes 12\d{3} tokens; .* more than the model's window of 8192/);
  });

  it('a question file with a broken line is named with the line', async () => {
    const file = join(home, 'broken.jsonl');
    await writeFile(file, '{"question":"a?","answers":["1"]}\n{"question":\n');
    const result = await leoam(['eval', file, ...common, '--repo', home], { home });
    assertFailed(result, /broken\.jsonl:2 is not a JSON object/);
  });
});

describe('a store in trouble', function () {
  this.timeout(240_000);
  let home: string;
  let common: string[];

  beforeEach(async () => {
    home = await homeWithModel();
    const repo = await temporaryRepository(shopFiles);
    common = ['--model', smallModel, '--threads', '1', '--repo', repo];
  });

  it('with damaged segments answers all the same, says so and repairs itself @slow', async () => {
    await leoamJson(['index', ...common], home);
    for (const path of await segmentFiles(home)) {
      await flipByteNearEnd(path);
    }
    const ask = ['ask', question, ...common, '--max-tokens', '4'];
    const damaged = await leoam([...ask, '--json'], { home });
    assert.equal(damaged.code, 0, damaged.stderr);
    const { counters } = JSON.parse(damaged.stdout) as AskResult;
    assert.ok(counters.repoTokensComputed > 0);
    assert.match(damaged.stderr, /computed again/);

    const again = await leoamJson<AskResult>(ask, home);
    assert.equal(again.counters.repoTokensComputed, 0);
  });

  it('made by a newer version is left alone @slow', async () => {
    await leoamJson(['index', ...common], home);
    await writeFile(join(home, 'store', 'store.version'), 'leoam-store 9\n');
    const before = (await segmentFiles(home)).length;
    assertFailed(await leoam(['index', ...common], { home }), /newer/);
    assert.equal((await segmentFiles(home)).length, before);
  });

  it('is shared by two processes that read the same repository at once @slow', async () => {
    const both = await Promise.all([
      leoamJson<{ tokens: number }>(['index', ...common], home),
      leoamJson<{ tokens: number }>(['index', ...common], home),
    ]);
    assert.equal(both[0].tokens, both[1].tokens);
    const verified = await leoamJson<{ damaged: string[] }>(['cache', 'verify'], home);
    assert.deepEqual(verified.damaged, []);
    const after = await leoamJson<{ tokensComputed: number }>(['index', ...common], home);
    assert.equal(after.tokensComputed, 0);
  });
});

async function segmentFiles(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'store'), { recursive: true });
  return entries.filter((name) => name.endsWith('.seg')).map((name) => join(home, 'store', name));
}

/** Damages the last chunk's KV; the front of the file stays whole, so only reading the KV finds it. */
async function flipByteNearEnd(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(64), 0, 64, size - 64);
    buffer[0] = (buffer[0] ?? 0) ^ 0xff;
    await file.write(buffer, 0, 64, size - 64);
  } finally {
    await file.close();
  }
}

/** A GGUF (version 3) without tensors whose only key is the architecture. */
function ggufOfArchitecture(name: string): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([number64(value.length), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from('GGUF'),
    number32(3),
    number64(0), // tensors
    number64(1), // keys
    text('general.architecture'),
    number32(8), // a string
    text(name),
  ]);
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
