import assert from 'node:assert/strict';
import { median, summarize, type EvalRow } from '../../server/cli/eval.js';
import { parseEvalLines } from '../../server/cli/evalFile.js';

describe('question files', () => {
  it('reads one question a line and skips empty lines', () => {
    const text =
      '{"question":"a?","answers":["1"],"source":"x.ts"}\n\n{"question":"b?","mustAll":["2","3"]}\n';
    assert.equal(parseEvalLines(text, 'q.jsonl').length, 2);
  });

  it('names file and line of what is wrong', () => {
    assert.throws(() => parseEvalLines('{"question":"a?","answers":["1"]}\n{', 'q.jsonl'), {
      message: 'q.jsonl:2 is not a JSON object.',
    });
    assert.throws(() => parseEvalLines('{"question":"a?"}', 'q.jsonl'), /q\.jsonl:1.*"answers"/);
  });

  it('refuses an empty file', () => {
    assert.throws(() => parseEvalLines('\n', 'q.jsonl'), /no questions/);
  });
});

describe('summary of an evaluation', () => {
  const row = (path: string, correct: boolean): EvalRow => ({
    question: '?',
    answer: '',
    correct,
    goldNll: 1,
    sources: [{ path, startLine: 1, endLine: 2, weight: 1 }],
    ttftMs: 10,
    counters: {
      repoTokens: 0,
      tokensComputed: 0,
      repoTokensComputed: 0,
      tokensRepaired: 0,
      questionTokens: 0,
      tokensReused: 0,
      workingSetTokens: 0,
      bytesFromDisk: 0,
      tokensDecoded: 0,
    },
  });

  it('counts recall only over questions that name a source, and needs all of several', () => {
    const questions = [
      { question: '?', answers: ['x'], source: 'a.ts' },
      { question: '?', answers: ['x'], source: ['a.ts', 'b.ts'] },
      { question: '?', answers: ['x'] },
    ];
    const rows = [row('a.ts', true), row('a.ts', false), row('a.ts', true)];
    const report = summarize(questions, rows, 'leoam', 'm');
    assert.equal(report.correct, 2);
    assert.equal(report.sourceRecallAt5, 0.5);
  });

  it('takes the mean of the middle two of an even number', () => {
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([3, 1, 2]), 2);
  });
});
