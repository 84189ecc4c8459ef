// What an answer is reported with: its counters, times and sources.

import type { Counters, GenerateResult } from '../engine/addon.js';
import type { Mode } from '../prompt/parts.js';
import type { AskResult } from './asked.js';
import type { Source } from './citations.js';
import type { AskContext, Turn } from './turn.js';

export interface Answered {
  turn: Turn;
  result: GenerateResult;
  sources: Source[];
  /** Tokens of earlier turns that the session was told anew. */
  told: number;
  /** Tokens of the repository that were read for this question before the engine was given it. */
  read: number;
  /** When the question came and when the engine was given it; `performance.now()`. */
  arrived: number;
  submitted: number;
}

export function askResult(
  { engine, repository }: Pick<AskContext, 'engine' | 'repository'>,
  mode: Mode,
  { turn, result, sources, told, read, arrived, submitted }: Answered,
): AskResult {
  const { counters, timings } = result;
  return {
    answer: result.text.trim(),
    reason: result.reason === 'unlikely' ? 'stop' : result.reason, // no limit was asked for
    sources,
    counters: {
      repoTokens: repository.totalTokens,
      tokensComputed: read + counters.tokensComputed,
      repoTokensComputed: read + computedFromRepository(turn, counters, told),
      tokensRepaired: counters.tokensRepaired,
      questionTokens: turn.questionTokens,
      tokensReused: Math.max(0, counters.tokensReused - read),
      workingSetTokens: turn.workingSetTokens,
      bytesFromDisk: counters.bytesFromDisk,
      tokensDecoded: counters.tokensDecoded,
    },
    timings: {
      selectMs: turn.selectMs,
      ttftMs: submitted - arrived + timings.queuedMs + timings.ttftMs,
      loadKvMs: timings.loadKvMs,
      repairMs: timings.repairMs,
      prefillMs: timings.prefillMs,
      totalMs: performance.now() - arrived,
      decodeTokensPerSecond:
        timings.decodeMs > 0 ? (1000 * counters.tokensDecoded) / timings.decodeMs : 0,
    },
    ...(result.tiers === undefined ? {} : { tiers: result.tiers }),
    model: engine.model.id,
    mode,
  };
}

/** What the model computed beside the question, repair and earlier turns that it was told of. */
function computedFromRepository(turn: Turn, counters: Counters, told: number): number {
  const { tokensComputed, tokensRepaired } = counters;
  const computed = tokensComputed - tokensRepaired - turn.questionTokens - told;
  return Math.min(Math.max(0, computed), turn.workingSetTokens);
}
