import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AskResult } from '../../server/chat/asked.js';
import type { EvalReport } from '../../server/cli/eval.js';
import {
  homeWithModel,
  leoam,
  leoamJson,
  longShop,
  shopFiles,
  smallModel,
  temporaryFolder,
  temporaryRepository,
} from './setup.js';

interface IndexReport {
  files: number;
  skipped: { path: string; reason: string }[];
  tokens: number;
  tokensComputed: number;
  tokensReused: number;
  staleSegments: number;
  bytesOnDisk: number;
  seconds: number;
  tokensPerSecond: number;
}

type AskReport = AskResult & { timings: { loadMs: number; indexMs: number } };

describe('terminal', function () {
  this.timeout(120_000);
  const question = 'How many items fit into a basket at most?';
  let home: string;
  let repo: string;
  let model: string[];

  before(async () => {
    home = await homeWithModel();
    repo = await temporaryRepository({ ...shopFiles, 'logo.png': Uint8Array.from([0, 1, 2, 0]) });
    // One thread: other work on the machine then hardly slows the tests.
    model = ['--model', smallModel, '--threads', '1', '--repo', repo];
  });

  it('reads a repository, and nothing of it a second time', async () => {
    const first = await leoamJson<IndexReport>(['index', ...model], home);
    assert.equal(first.files, 3);
    assert.deepEqual(
      first.skipped.map(({ path }) => path),
      ['logo.png'],
    );
    assert.equal(first.tokensComputed, first.tokens);
    assert.ok(first.bytesOnDisk > first.tokens * 1000);

    const second = await leoamJson<IndexReport>(['index', ...model], home);
    assert.equal(second.tokensComputed, 0);
    assert.equal(second.tokensReused, first.tokens);
  });

  it('computes an edited line first and what follows it with --exact @slow', async () => {
    const edited = await temporaryRepository(longShop());
    const args = [...model.slice(0, -1), edited];
    await leoamJson<IndexReport>(['index', ...args], home);
    const file = join(edited, 'src', 'prices', 'apples.ts');
    await writeFile(file, `// One line more.\n${await readFile(file, 'utf8')}`);

    const fresh = await leoamJson<IndexReport>(['index', ...args], home);
    assert.equal(fresh.staleSegments, 1);
    const exact = await leoamJson<IndexReport>(['index', ...args, '--exact'], home);
    assert.equal(exact.staleSegments, 0);
    assert.ok(fresh.tokensComputed > 0 && fresh.tokensComputed < exact.tokensComputed);
    const again = await leoamJson<IndexReport>(['index', ...args, '--exact'], home);
    assert.equal(again.tokensComputed, 0);
  });

  it('answers in a new process without computing a token of the repository', async () => {
    const result = await leoamJson<AskReport>(
      ['ask', question, ...model, '--max-tokens', '8'],
      home,
    );
    assert.equal(result.counters.repoTokensComputed, 0);
    assert.ok(result.counters.bytesFromDisk > 0);
    assert.ok(result.counters.workingSetTokens > 0);
    assert.ok(result.answer.length > 0);
    assert.ok(result.timings.ttftMs > 0 && result.timings.loadMs > 0);
    assert.equal(result.mode, 'leoam');
    const paths = result.sources.map(({ path }) => path);
    assert.ok(paths.includes('src/limits.ts') && paths.includes('src/basket.ts'), paths.join());
    for (const { startLine, endLine, weight } of result.sources) {
      assert.ok(startLine >= 1 && endLine >= startLine && weight >= 0 && weight <= 1);
    }
  });

  it('computes all evidence in mode rag and none in mode none @slow', async () => {
    const ask = ['ask', question, ...model, '--max-tokens', '4'];
    const rag = await leoamJson<AskReport>([...ask, '--mode', 'rag'], home);
    assert.equal(rag.counters.repoTokensComputed, rag.counters.workingSetTokens);
    assert.equal(rag.counters.bytesFromDisk, 0);
    const none = await leoamJson<AskReport>([...ask, '--mode', 'none'], home);
    assert.equal(none.counters.workingSetTokens, 0);
    assert.deepEqual(none.sources, []);
    const full = await leoamJson<AskReport>([...ask, '--mode', 'full'], home);
    assert.ok(full.counters.workingSetTokens > rag.counters.workingSetTokens);
  });

  it('answers from stored KV that it holds in 8 bits, repaired in part', async () => {
    const ask = ['ask', question, ...model, '--max-tokens', '8', '--repair', '0.2'];
    const result = await leoamJson<AskReport>([...ask, '--kv', 'q8'], home);
    assert.ok(result.counters.bytesFromDisk > 0);
    assert.ok(result.answer.length > 0);
    assert.ok(result.sources.some(({ path }) => path === 'src/limits.ts'));
  });

  it('prints the answer and then its sources as path:line', async () => {
    const result = await leoam(['ask', question, ...model, '--max-tokens', '8'], { home });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /\n {2}src\/limits\.ts:\d+-\d+\n/);
  });

  it('answers one question after the other at its prompt', async () => {
    const input = `${question}\nAnd from which total on is shipping free?\n`;
    const result = await leoam(['ask', ...model, '--max-tokens', '8'], { home, input });
    assert.equal(result.code, 0, result.stderr);
    assert.ok((result.stdout.match(/src\/limits\.ts:/g) ?? []).length >= 1);
  });

  it('evaluates a file of questions @slow', async () => {
    const file = join(home, 'questions.jsonl');
    await writeFile(
      file,
      [
        { question, answers: ['37'], source: 'src/limits.ts' },
        {
          question: 'Which file holds the class Basket?',
          mustAll: ['basket'],
          source: 'src/basket.ts',
        },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    const report = await leoamJson<EvalReport>(['eval', file, ...model], home);
    assert.equal(report.n, 2);
    assert.equal(report.rows.length, 2);
    assert.equal(report.correct, report.rows.filter((row) => row.correct).length);
    assert.equal(report.sourceRecallAt5, 1);
    assert.ok(report.goldNll > 0 && report.goldNll < 20);
    const blind = await leoamJson<EvalReport>(['eval', file, ...model, '--mode', 'none'], home);
    assert.ok(report.goldNll < blind.goldNll, `${report.goldNll} against ${blind.goldNll} blind`);
  });

  it('computes little after a line was added, and answers with it', async () => {
    await appendFile(join(repo, 'src/limits.ts'), 'export const MAX_COUPONS = 3;\n');
    const result = await leoamJson<IndexReport>(['index', ...model], home);
    assert.ok(result.tokensComputed > 0);
    assert.ok(result.tokensComputed < result.tokens / 2, `${result.tokensComputed} computed`);
  });

  it('shows, checks and wipes the store @slow', async () => {
    const shown = await leoamJson<{ segments: number; bytes: number }>(['cache', 'show'], home);
    assert.ok(shown.segments >= 3 && shown.bytes > 0);
    const verified = await leoamJson<{ ok: number; damaged: string[] }>(['cache', 'verify'], home);
    assert.deepEqual(verified, { ok: shown.segments, damaged: [] });
    await leoamJson(['cache', 'clear'], home);
    const cleared = await leoamJson<{ segments: number }>(['cache', 'show'], home);
    assert.equal(cleared.segments, 0);
    assert.equal(existsSync(join(home, 'repos')), false);
  });
});

describe('wrong use of the terminal', function () {
  this.timeout(60_000);
  let home: string;
  before(async () => {
    home = await temporaryFolder('home');
  });

  it('ends with 2 and one sentence', async () => {
    for (const args of [
      [],
      ['frobnicate'],
      ['ask', '--mode', 'fast', 'Why?'],
      ['ask', '   '],
      ['ask', 'two', 'questions'],
      ['eval'],
      ['index', '--repo', '/no/such/folder'],
      ['models', 'paint'],
    ]) {
      const result = await leoam(args, { home });
      assert.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
      assert.equal(result.stdout, '');
      assert.equal(result.stderr.trimEnd().split('\n').length, 2, result.stderr);
    }
  });

  it('tells failures in JSON as well', async () => {
    const result = await leoam(['ask', 'Why?', '--mode', 'fast', '--json'], { home });
    assert.equal(result.code, 2);
    const value = JSON.parse(result.stdout) as { error: { code: string; message: string } };
    assert.equal(value.error.code, 'usage');
    assert.match(value.error.message, /leoam, rag, full, none/);
  });
});
