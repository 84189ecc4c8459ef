// From measured rows to what benches print.

import assert from 'node:assert/strict';
import type { Answered } from '../bench/answers.js';
import { repoReport, type Asked } from '../bench/askReport.js';
import { parseRow } from '../bench/engine.js';
import { qualityReport, sampled } from '../bench/quality.js';
import { rowKey } from '../bench/rowCache.js';
import { formatReport } from '../bench/table.js';
import { parseVariant } from '../bench/variants.js';
import type { QualityRepo, Question } from '../quality/load.js';

describe('bench variants', () => {
  it('are a mode with the options that differ from the defaults', () => {
    const variant = parseVariant('leoam:repair=0:precision=q4:passages=8:heads=on');
    assert.equal(variant.precision, 'q4');
    assert.deepEqual(variant.options, {
      mode: 'leoam',
      selection: { passages: 8, heads: 'on' },
      repair: 0,
    });
    assert.deepEqual(variant.args.slice(0, 4), ['--mode', 'leoam', '--repair', '0']);
  });

  it('name what is wrong with them', () => {
    const full = parseVariant('full:evidence-memory=256');
    assert.equal(full.tiers?.ramBytes, 256 * 2 ** 20);
    assert.deepEqual(full.args, ['--mode', 'full', '--evidence-memory', '256']);
    const chosen = parseVariant('full:evidence-memory=64:evidence-share=0.5:evidence-mass=0.9');
    assert.deepEqual(
      [chosen.tiers?.share, chosen.tiers?.mass, chosen.tiers?.draftTokens],
      [0.5, 0.9, 0],
    );
    assert.equal(parseVariant('full:evidence-memory=64:evidence-share=0.5').tiers?.mass, 'enough');
    assert.throws(() => parseVariant('full:evidence-share=0.5'), /without evidence-memory/);
    assert.throws(
      () => parseVariant('full:evidence-memory=64:evidence-mass=0.9'),
      /without evidence-share/,
    );
    assert.throws(() => parseVariant('bm25'), /"bm25" does not begin with a mode/);
    assert.throws(() => parseVariant('leoam:precision=q2'), /"precision=q2" .* is not one of/);
    assert.throws(() => parseVariant('leoam:repair='), /"repair="/);
  });
});

describe('bench engine rows', () => {
  it('are named as in llama-bench, with the depth behind an @', () => {
    assert.deepEqual(parseRow('pp512'), { name: 'pp512', prompt: 512, generate: 0, depth: 0 });
    assert.equal(parseRow('tg64@4096').depth, 4096);
    assert.throws(() => parseRow('tg'), /"tg" is not a row/);
  });
});

describe('the quality report', () => {
  const rows = [
    answered('a', 'fact', 'rag', { correct: true, goldNll: 0.5 }),
    answered('b', 'two-file', 'rag', { correct: true, goldNll: 1 }),
    answered('a', 'fact', 'leoam', { correct: true, goldNll: 0.25 }),
    answered('b', 'two-file', 'leoam', { correct: false, goldNll: 2 }),
  ];
  const report = qualityReport(rows, ['rag', 'leoam']);

  it('counts each mode by kind of question', () => {
    assert.equal(report.modes['leoam']?.['all']?.correct, 1);
    assert.equal(report.modes['leoam']?.['fact']?.goldNll, 0.25);
    assert.equal(report.modes['rag']?.['two-file']?.n, 1);
  });

  it('compares modes question by question, in percentage points and nats', () => {
    assert.equal(report.againstRag['leoam']?.['all']?.correct.mean, -50);
    assert.equal(report.againstRag['leoam']?.['two-file']?.goldNll.mean, 1);
    assert.equal(report.againstRag['rag'], undefined);
  });
});

describe('quality samples', () => {
  it('take from every repository and kind', () => {
    const repos = ['x', 'y'].map((name) => repoOf(name, ['fact', 'fact', 'fact', 'planted']));
    const questions = sampled(repos, 4).flatMap((repo) => repo.questions);
    assert.deepEqual(questions.map(({ kind }) => kind).sort(), [
      'fact',
      'fact',
      'planted',
      'planted',
    ]);
  });
});

describe('the ask report', () => {
  const asked = [
    question('a', 'leoam', { ttftMs: 500, tokensRepaired: 0 }),
    question('a', 'leoam:repair=0', { ttftMs: 900, tokensRepaired: 0 }),
    question('a', 'rag', { ttftMs: 5000 }),
    question('a', 'none', { ttftMs: 400 }),
    question('b', 'leoam', { ttftMs: 2000, tokensRepaired: 100 }),
    question('b', 'leoam:repair=0', { ttftMs: 500, tokensRepaired: 0 }),
    question('b', 'rag', { ttftMs: 10400, workingSetTokens: 1000 }),
    question('b', 'none', { ttftMs: 400 }),
  ];
  const { ratios, modes } = repoReport('x', 1000, asked);

  it('divides question by question, repaired and not apart, and counts no run twice', () => {
    assert.equal(ratios.ragOverLeoam, (10 + 20.8) / 2);
    assert.equal(ratios.ragOverLeoamRepaired, 5.2);
  });

  it('compares repaired questions with the price of what was repaired', () => {
    assert.equal(ratios.leoamOverBareQuestion, 1.25);
    assert.equal(ratios.leoamOverBareAndRepaired, 2000 / (400 + 10 * 100));
  });

  it('shows the largest count of repository tokens that were read again', () => {
    assert.equal(modes['leoam']?.repoTokensComputed, 0);
  });
});

describe('cached rows', () => {
  const parts = [{ kind: 'text' as const, tokens: Int32Array.of(1, 2) }];
  const turn = { parts, questionPart: 0, repairShare: 0 };

  it('count for the same prompt only', () => {
    assert.equal(rowKey(turn, ['model']), rowKey({ ...turn }, ['model']));
    const others = [
      rowKey({ ...turn, repairShare: 0.15 }, ['model']),
      rowKey(turn, ['other model']),
      rowKey({ ...turn, parts: [{ kind: 'text', tokens: Int32Array.of(1, 3) }] }, ['model']),
      rowKey({ ...turn, parts: [{ kind: 'chunks', key: 'k', first: 0, last: 2 }] }, ['model']),
    ];
    assert.equal(new Set([rowKey(turn, ['model']), ...others]).size, 5);
  });
});

describe('bench tables', () => {
  it('show maps of flat objects as rows and intervals in brackets', () => {
    const text = formatReport({
      model: 'm',
      modes: {
        rag: { n: 2, ttft: { median: 1234.5 } },
        leoam: { n: 2, ttft: { median: 12.345 }, nll: { n: 2, mean: 0.1, low: -0.1, high: 0.3 } },
      },
    });
    assert.deepEqual(text.split('\n'), [
      'model: m',
      '',
      'modes',
      '       n  ttft.median  nll',
      '-----  -  -----------  ---------------',
      'rag    2  1235',
      'leoam  2  12.3         0.1 [-0.1, 0.3]',
    ]);
  });
});

function answered(
  id: string,
  kind: Question['kind'],
  variant: string,
  { correct, goldNll }: { correct: boolean; goldNll: number },
): Answered {
  return {
    repo: 'x',
    question: { id, kind, question: '?', answers: ['!'], source: 'a.js', line: 1 },
    variant,
    otherBuild: false,
    row: {
      ...{ question: '?', answer: '', correct, goldNll, sources: [], ttftMs: 1 },
      counters: {
        ...{ repoTokens: 0, tokensComputed: 0, repoTokensComputed: 0, tokensRepaired: 0 },
        ...{ questionTokens: 0, tokensReused: 0, workingSetTokens: 0, bytesFromDisk: 0 },
        tokensDecoded: 0,
      },
    },
  };
}

function repoOf(name: string, kinds: Question['kind'][]): QualityRepo {
  const questions = kinds.map((kind, i) => ({
    ...{ id: `${name}-${String(i)}`, kind, question: '?', answers: ['!'], source: 'a', line: 1 },
  }));
  const copied = { folder: '.', also: [], skip: [], overlay: [] };
  return { name, package: name, version: '1', ...copied, questions };
}

function question(id: string, variant: string, known: Partial<Asked>): Asked {
  return {
    ...{ id, variant, tokensComputed: 0, repoTokensComputed: 0, tokensRepaired: 0 },
    ...{ questionTokens: 0, tokensReused: 0, workingSetTokens: 0, bytesFromDisk: 0 },
    ...{ selectMs: 1, loadMs: 1, ttftMs: 1 },
    ...known,
  };
}
