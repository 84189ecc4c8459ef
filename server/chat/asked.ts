// What a question asks of a conversation, and what comes back.

import type { Sampling } from '../engine/addon.js';
import type { TierCounters } from '../engine/tierOptions.js';
import type { RequestClass } from '../engine/jobs.js';
import type { IndexProgress } from '../index/jobs.js';
import type { Mode } from '../prompt/parts.js';
import type { Source } from './citations.js';
import type { Exchange } from './retold.js';
import type { TurnOptions } from './turn.js';

export interface AskOptions extends Omit<TurnOptions, 'maxTokens' | 'readMissing'> {
  /** Name of this turn; absent: the conversation cannot go back to it. */
  turn?: string;
  /**
   * The turns that this one follows, oldest first; absent: all that were asked. Where they are
   * not what the session holds (an earlier question is asked again, or another process answered
   * them), it goes back to the last of them, or is told their text.
   */
  earlier?: readonly Exchange[];
  /** Tokens of the answer at most. Default 512. */
  maxTokens?: number;
  /** Greedy when absent. */
  sampling?: Sampling;
  requestClass?: RequestClass;
  signal?: AbortSignal;
  /** Called with the passages as soon as they are chosen, best first; weights follow from rank alone. */
  onSources?: (sources: Source[]) => void;
  /**
   * Called while files are read that a whole repository on disk lacks; absent: the question is refused
   * where it lacks some.
   */
  onReading?: (progress: IndexProgress) => void;
  /** Called for each piece of the answer as soon as it is safe to show. */
  onText?: (text: string) => void;
  /** Called with one sentence when stored KV was lost and is computed again, or cannot be stored. */
  onWarning?: (warning: string) => void;
}

export interface AskCounters {
  /** Tokens of the whole repository. */
  repoTokens: number;
  /** Everything that went through the model before the first token, the question included. */
  tokensComputed: number;
  /** Of these, repository tokens that were computed because they were not stored. */
  repoTokensComputed: number;
  /** Of these, stored tokens that repair recomputed. */
  tokensRepaired: number;
  /** The question with its frame. */
  questionTokens: number;
  tokensReused: number;
  workingSetTokens: number;
  bytesFromDisk: number;
  tokensDecoded: number;
}

export interface AskTimings {
  selectMs: number;
  /** From the question's arrival to the first token of the answer. */
  ttftMs: number;
  loadKvMs: number;
  repairMs: number;
  prefillMs: number;
  totalMs: number;
  decodeTokensPerSecond: number;
}

export interface AskResult {
  answer: string;
  /** Why the answer ended. */
  reason: 'end' | 'stop' | 'length' | 'cancelled';
  sources: Source[];
  counters: AskCounters;
  timings: AskTimings;
  /** Of the conversation so far; where its evidence lies on disk. */
  tiers?: TierCounters;
  model: string;
  mode: Mode;
}

export interface AnswerScore {
  /** Mean negative log probability of the answer's tokens, nats. */
  nll: number;
  /** True when every token was the model's first choice. */
  matched: boolean;
}
