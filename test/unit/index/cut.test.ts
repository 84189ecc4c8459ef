import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chunkTexts, cutText } from '../../../server/index/cut.js';
import { estimateTokens } from '../../../server/index/estimate.js';
import { readSource } from '../../../server/workspace/content.js';
import { listFiles } from '../../../server/workspace/list.js';
import { packageFolder } from './fixtures.js';

interface Source {
  path: string;
  text: string;
}

interface CutSource extends Source {
  cut: Awaited<ReturnType<typeof cutText>>;
}

async function sourcesOf(name: string): Promise<Source[]> {
  const root = packageFolder(name);
  const { files } = await listFiles({ root });
  return files.flatMap(({ path }) => {
    const source = readSource(join(root, path), path);
    return 'text' in source ? [{ path, text: source.text }] : [];
  });
}

function estimate(text: string): number {
  return text.split(/(?<=\n)/).reduce((sum, line) => sum + estimateTokens(line), 0);
}

describe('cutting files', () => {
  const sources: CutSource[] = [];

  before(async function () {
    this.timeout(30_000);
    const found = await Promise.all(['ky', 'pino', 'commander'].map(sourcesOf));
    for (const { path, text } of found.flat()) {
      sources.push({ path, text, cut: await cutText(path, text, '') });
    }
  });

  it('gives back every file of three packages, chunk by chunk', () => {
    assert.ok(sources.length > 200);
    for (const { path, text, cut } of sources) {
      assert.equal(chunkTexts(cut, text).join(''), text, path);
    }
  });

  it('makes passages of whole chunks that cover the file once', () => {
    for (const { path, text, cut } of sources) {
      let offset = 0;
      let line = 0;
      for (const passage of cut.passages) {
        const chunks = cut.parts[passage.part] ?? [];
        assert.equal(passage.startOffset, offset, path);
        assert.equal(chunks[(passage.firstChunk - 1) * 4 + 2], passage.startOffset, path);
        assert.equal(chunks[(passage.lastChunk - 2) * 4 + 3], passage.endOffset, path);
        assert.ok(passage.startLine >= line && passage.endLine >= passage.startLine, path);
        offset = passage.endOffset;
        line = passage.endLine;
      }
      assert.equal(offset, text.length, path);
    }
  });

  it('keeps sizes: chunks near 45 tokens, passages near 180, parts below 2K', () => {
    const chunks: number[] = [];
    const passages: number[] = [];
    for (const { path, text, cut } of sources) {
      chunks.push(...chunkTexts(cut, text).map(estimate));
      passages.push(...cut.passages.map((p) => estimate(text.slice(p.startOffset, p.endOffset))));
      for (const part of cut.parts) {
        assert.ok(estimate(text.slice(part[2], part.at(-1))) <= 2001, path);
      }
    }
    const mean = (sizes: number[]): number => sizes.reduce((a, b) => a + b, 0) / sizes.length;
    assert.ok(mean(chunks) > 38 && mean(chunks) < 55, `${mean(chunks)}`);
    assert.ok(mean(passages) > 160 && mean(passages) < 200, `${mean(passages)}`);
    const large = chunks.filter((size) => size > 64).length;
    assert.ok(large < chunks.length * 0.02, `${large} of ${chunks.length} chunks over 64 tokens`);
    assert.ok(passages.filter((size) => size > 301).length === 0);
  });

  it('changes one or two chunks for a one-line edit, and never chunks far away', async () => {
    const changed: number[] = [];
    for (const { path, text, cut } of sources.filter(
      ({ text }, i) => text.length > 2500 && i % 2,
    )) {
      const lines = text.split(/(?<=\n)/);
      const before = new Set(chunkTexts(cut, text));
      for (const share of [0.2, 0.5, 0.8]) {
        const edited = [...lines];
        edited.splice(Math.floor(lines.length * share), 0, '  const inserted = 42;\n');
        const after = edited.join('');
        const fresh = chunkTexts(await cutText(path, after, ''), after).filter(
          (c) => !before.has(c),
        );
        changed.push(fresh.length);
      }
    }
    changed.sort((a, b) => a - b);
    const at = (share: number): number => changed[Math.floor(changed.length * share)] ?? 0;
    assert.ok(changed.length > 60);
    assert.ok(at(0.5) <= 1, `median ${at(0.5)}`);
    assert.ok(at(0.9) <= 4, `90th percentile ${at(0.9)}`);
    assert.ok(at(0.999) <= 20, `largest ${at(0.999)}`);
  }).timeout(60_000);

  it('shows the signature of the symbol that a passage begins inside of', async () => {
    const body = Array.from(
      { length: 80 },
      (_, i) => `  total += compute(${i}, options.factor);\n`,
    );
    const text = `// Adds.\nfunction addAll(\n  options,\n) {\n${body.join('')}}\n`;
    const { passages, parts } = await cutText('a.js', text, '');
    const [first, second] = passages;
    assert.equal(first?.enclosing, undefined);
    assert.deepEqual(
      text.slice(second?.enclosing?.startOffset, second?.enclosing?.endOffset),
      'function addAll(\n  options,\n) {\n',
    );
    // It is a run of chunks of its own.
    const chunks = parts[0] ?? [];
    const enclosing = second?.enclosing;
    assert.equal(chunks[((enclosing?.firstChunk ?? 0) - 1) * 4], 2);
    assert.equal(chunks[((enclosing?.lastChunk ?? 0) - 2) * 4 + 1], 4);
  });

  it('cuts long files where a top-level symbol begins', async () => {
    const text = Array.from(
      { length: 60 },
      (_, i) =>
        `/** Number ${i}. */\nexport function f${i}(a: number) {\n${`  a = use(a, ${i});\n`.repeat(8)}  return a;\n}\n\n`,
    ).join('');
    const { parts } = await cutText('a.ts', text, '');
    assert.ok(parts.length > 2);
    for (const part of parts) {
      assert.match(text.slice(part[2]), /^\/\*\* Number/);
    }
  });

  it('keeps a long line whole up to 512 tokens and cuts a longer one within', async () => {
    const line = (words: number): string => `x = "${'word '.repeat(words)}"\n`;
    const whole = `a = 1\n${line(300)}b = 2\n`;
    assert.ok(chunkTexts(await cutText('a.py', whole, ''), whole).includes(line(300)));
    const cut = `a = 1\n${line(2000)}b = 2\n`;
    const { passages, parts } = await cutText('a.py', cut, '');
    assert.ok(parts.flat().length / 4 > 7);
    assert.equal(chunkTexts({ parts }, cut).join(''), cut);
    assert.deepEqual([...new Set(passages.slice(1, -1).map(({ startLine }) => startLine))], [2]);
  });

  it('keeps CRLF and a missing last line end', async () => {
    const text = 'a = 1\r\n\r\nb = 2';
    const cut = await cutText('a.py', text, '');
    assert.equal(chunkTexts(cut, text).join(''), text);
    assert.equal(cut.lines, 3);
  });
});
