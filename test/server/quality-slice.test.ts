// Forty questions about one small repository, answered by the default model from stored KV
// and, as the measure, from the same passages as text. The figures are printed; the bounds
// are such that broken stored KV or wrong passages show.
//
// Reading the repository and answering takes some minutes the first time. What was stored
// and answered is kept in the cache folder: answers from text as long as the prompts stay as
// they are, answers from stored KV until the engine is built anew.

import assert from 'node:assert/strict';
import path from 'node:path';
import { answerAll, type Answered } from '../bench/answers.js';
import { qualityReport, type Difference, type Summary } from '../bench/quality.js';
import { chosenRepos } from '../bench/repositories.js';
import { RowCache } from '../bench/rowCache.js';
import { benchFolder, benchHome, benchModel, threadsOption } from '../bench/support.js';
import { parseVariant } from '../bench/variants.js';
import { loadSlice, type QualityRepo } from '../quality/load.js';

const sliceRepo = 'ky';
const limitMs = 60 * 60_000;

describe('forty questions about a small repository @slow', function () {
  this.timeout(limitMs);
  let rows: Answered[];
  let rag: Summary | undefined;
  let leoam: Summary | undefined;
  let difference: Difference | undefined;

  before(async () => {
    const repo = await slice();
    rows = [...(await answer(repo, 'rag', 'all')), ...(await answer(repo, 'leoam', 'sameBuild'))];
    const report = qualityReport(rows, ['rag', 'leoam']);
    rag = report.modes['rag']?.['all'];
    leoam = report.modes['leoam']?.['all'];
    difference = report.againstRag['leoam']?.['all'];
    console.log(`figure: rag ${JSON.stringify(rag)}`);
    console.log(`figure: leoam ${JSON.stringify(leoam)}`);
  });

  it('are forty', () => {
    assert.equal(leoam?.n, 40);
    assert.equal(rag?.n, 40);
  });

  it('compute nothing of the repository again', () => {
    const computed = rows
      .filter(({ variant }) => variant === 'leoam')
      .filter(({ row }) => row.counters.repoTokensComputed > 0);
    assert.deepEqual(
      computed.map(({ question }) => question.id),
      [],
    );
  });

  it('find the file that holds the answer', () => {
    assert.ok((leoam?.sourceRecallAt5 ?? 0) >= bounds.sourceRecall, describeSummary(leoam));
  });

  it('are answered right from stored KV about as often as from text', () => {
    assert.ok((leoam?.correct ?? 0) >= bounds.correct, describeSummary(leoam));
    assert.ok(
      (difference?.correct.mean ?? -100) >= bounds.pointsAgainstRag,
      JSON.stringify(difference),
    );
  });

  it('have answers that are about as likely from stored KV as from text', () => {
    assert.ok((leoam?.goldNll ?? Infinity) <= bounds.goldNll, describeSummary(leoam));
    assert.ok(
      (difference?.goldNll.mean ?? Infinity) <= bounds.nllAgainstRag,
      JSON.stringify(difference),
    );
  });

  it('are answered with a fraction of the tokens that text takes', () => {
    assert.ok((leoam?.tokensComputed ?? Infinity) < 0.3 * (rag?.tokensComputed ?? 0));
  });
});

/**
 * Seen with the default model: recall 0.875, 17 right from stored KV and 19 from text,
 * gold NLL 1.818 and 1.817. Left to chance are rounding and the order of nearly equal passages,
 * some two answers of forty; broken positions, lost passages or keys read with the wrong bias
 * cost far more (without repair some 0.3 nats more than text, without evidence nothing is right).
 */
const bounds = {
  sourceRecall: 0.75,
  correct: 14,
  /** Percentage points. */
  pointsAgainstRag: -12.5,
  goldNll: 2.05,
  nllAgainstRag: 0.2,
};

async function slice(): Promise<QualityRepo> {
  const [repo] = await chosenRepos([sliceRepo]);
  assert.ok(repo !== undefined);
  const ids = new Set(await loadSlice());
  return { ...repo, questions: repo.questions.filter(({ id }) => ids.has(id)) };
}

async function answer(
  repo: QualityRepo,
  variant: string,
  reuse: 'all' | 'sameBuild',
): Promise<Answered[]> {
  const file = path.join(benchFolder(), 'slice', `${variant}.jsonl`);
  return answerAll({
    home: await benchHome(),
    model: await benchModel(undefined),
    threads: threadsOption(undefined),
    variants: [parseVariant(variant)],
    repos: [repo],
    cache: await RowCache.open(file, reuse),
  });
}

/** The figures, for a failed bound. */
function describeSummary(summary: Summary | undefined): string {
  return JSON.stringify(summary);
}
