// What each precision of stored KV takes on disk and costs in answers.

import path from 'node:path';
import { openAssistant } from '../../server/assistant.js';
import type { ResolvedModel } from '../../server/models/index.js';
import type { QualityRepo } from '../quality/load.js';
import { answerAll, type Answered } from './answers.js';
import { openIndexed, repositoryFolder } from './repositories.js';
import { RowCache } from './rowCache.js';
import { mean, pairedInterval, type Interval } from './statistics.js';
import { benchFolder, benchHome } from './support.js';
import { parseVariant } from './variants.js';

const precisions = ['f16', 'q8', 'q4'] as const;
type Precision = (typeof precisions)[number];

export interface PrecisionReport {
  bytesPerToken: number;
  tokens: number;
  /** Nats a token, answered from stored KV without repair. */
  goldNll: number;
  correct: number;
  n: number;
  /** Paired difference to F16, nats a token. */
  goldNllMinusF16: Interval | null;
}

/** Reads one repository at each precision, into a store of its own, and answers its questions. */
export async function measurePrecisions(
  model: ResolvedModel,
  repo: QualityRepo,
  threads: number,
): Promise<Record<string, PrecisionReport>> {
  const cache = await RowCache.open(
    path.join(benchFolder(), 'precisions', `${model.hash.slice(0, 16)}.jsonl`),
    'sameBuild',
  );
  const reports: Record<string, PrecisionReport> = {};
  let reference: Answered[] | undefined;
  for (const precision of precisions) {
    const home = await benchHome(`home-${precision}`);
    const size = await measureSize(home, model, repo, precision, threads);
    const answered = await answerAll({
      ...{ home, model, cache, threads, repos: [repo] },
      variants: [parseVariant(`leoam:repair=0:precision=${precision}`)],
    });
    reports[precision] = {
      ...size,
      goldNll: mean(answered.map(({ row }) => row.goldNll)),
      correct: answered.filter(({ row }) => row.correct).length,
      n: answered.length,
      goldNllMinusF16: reference === undefined ? null : nllDifference(answered, reference),
    };
    reference ??= answered;
  }
  return reports;
}

async function measureSize(
  home: string,
  model: ResolvedModel,
  repo: QualityRepo,
  precision: Precision,
  threads: number,
): Promise<{ bytesPerToken: number; tokens: number }> {
  const assistant = await openAssistant({ home, model: model.path, precision, threads });
  try {
    const index = await openIndexed(assistant, await repositoryFolder(repo));
    await index.close();
    const { bytes, tokens } = await assistant.engine.storeStats();
    return { bytesPerToken: bytes / Math.max(1, tokens), tokens };
  } finally {
    await assistant.dispose();
  }
}

/** Both answered the same questions in the same order. */
function nllDifference(answered: readonly Answered[], reference: readonly Answered[]): Interval {
  return pairedInterval(
    answered.map(({ row }, i) => row.goldNll - (reference[i]?.row.goldNll ?? NaN)),
  );
}
