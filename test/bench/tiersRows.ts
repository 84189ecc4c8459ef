// One row of bench tiers: a question is asked behind a context of stored chunks in one way, and its
// answer decoded.

import type { Assistant } from '../../server/assistant.js';
import type { GenerateResult, Part } from '../../server/engine/addon.js';
import type { TierCounters } from '../../server/engine/tierOptions.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { storedParts } from '../../server/prompt/parts.js';
import { questionTokens } from '../../server/prompt/question.js';
import { mean } from './statistics.js';
import { note } from './support.js';
import type { Setting } from './tiersWays.js';

export interface Row extends Omit<Setting, 'tiers'> {
  contextTokens: number;
  /** Until the first token: the question is attended to all of the context. */
  ttftMs: number;
  msPerToken: number;
  /** Read from the store, at each step of decoding. */
  mbPerToken: number;
  /** Copied from the device's memory, at each step. */
  deviceMbPerToken: number;
  /** Of `msPerToken`: waiting for reads, judging abstracts. */
  waitMsPerToken: number;
  chooseMsPerToken: number;
  /** Of the context's blocks, those that a step wanted; what drafts and passes over all wanted together. */
  wantedShare: number;
  /** Of the blocks that steps wanted, those that were in RAM. */
  hitRate: number;
  /** Abstracts of the keys, in RAM, over the KV. */
  abstractShare: number;
  /** Of the tokens that follow where all is in memory, each given those before it. */
  topAgreement: number;
  /** Nats a token above those of `memory`. */
  nllDifference: number;
  /** Tokens from the start on that are those of `full-disk`, of those that are decoded. */
  sameTokens?: number;
  /** Of tokens that were guessed, the right ones; of `lossless`. */
  accepted?: number;
}

type OfTiers = Pick<
  Row,
  | ('deviceMbPerToken' | 'waitMsPerToken' | 'chooseMsPerToken')
  | ('wantedShare' | 'hitRate' | 'abstractShare')
>;

const question = 'What does this code do when something fails, and which function decides that?';
/** Two layers and a little: what a step needs at a time, and nothing that stays. */
const layersAtOnce = 2.2;

export async function measure(
  assistant: Assistant,
  repository: RepositoryIndex,
  contextTokens: number,
  settings: readonly Setting[],
  steps: number,
): Promise<Row[]> {
  const { engine } = assistant;
  const { parts, tokens } = contextOf(repository, contextTokens);
  const chunks = parts.reduce(
    (sum, part) => sum + (part.kind === 'chunks' ? part.last - part.first : 0),
    0,
  );
  const asked = await questionTokens(assistant.profile, engine, { question, first: true });
  const prompt: Part[] = [...parts, { kind: 'text', tokens: asked }];
  const request = { parts: prompt, questionPart: parts.length, repair: { share: 0 } };
  const kvBytes = tokens * engine.info.kvBytesPerToken;
  const rows: Row[] = [];
  let target: Int32Array = new Int32Array();
  let baseline = 0;
  let exact: Int32Array | undefined;
  for (const { tiers, ...setting } of settings) {
    note(`${String(tokens)} tokens: ${setting.way}, disk ${String(setting.disk)}`);
    const rest = assistant.profile.preamble.length + asked.length + steps + 16;
    const session =
      tiers === undefined
        ? engine.newSession(rest + tokens)
        : engine.newSession(rest, {
            ...tiers,
            ramBytes: Math.ceil(
              kvBytes * Math.max(setting.ramPercent / 100, layersAtOnce / engine.info.layers),
            ),
            deviceBytes: Math.ceil((kvBytes * setting.devicePercent) / 100),
          });
    try {
      const write = (maxTokens: number): Promise<GenerateResult> =>
        session.generate({ ...request, maxTokens, sampling: { temperature: 0 }, stop: [] }, 'chat');
      const first = await write(1);
      const prompted = await write(1); // its last token again, attended to all
      const result = await write(steps);
      target = tiers === undefined ? result.tokens : target;
      const score = await session.score({ ...request, target }, 'chat');
      const nll = -mean(Array.from(score.logProbabilities));
      baseline = tiers === undefined ? nll : baseline;
      exact = setting.way === 'full-disk' ? result.tokens : exact;
      const { tokensDrafted, tokensAccepted } = result.counters;
      rows.push({
        ...setting,
        contextTokens: tokens,
        ttftMs: first.timings.ttftMs,
        msPerToken: result.timings.decodeMs / Math.max(1, result.tokens.length),
        mbPerToken:
          (result.counters.bytesFromDisk - prompted.counters.bytesFromDisk) /
          (1e6 * Math.max(1, result.tokens.length - 1)),
        ...perToken(
          prompted.tiers,
          result.tiers,
          result.tokens.length - 1,
          engine.info.layers * chunks,
        ),
        topAgreement: mean(Array.from(score.argmax)),
        nllDifference: nll - baseline,
        ...(exact === undefined ? {} : { sameTokens: sameFromStart(exact, result.tokens) }),
        ...(tokensDrafted > 0 ? { accepted: tokensAccepted / tokensDrafted } : {}),
      });
    } finally {
      session.dispose();
    }
  }
  return rows;
}

/** The repository's first segments, about so many tokens. */
function contextOf(repository: RepositoryIndex, wanted: number): { parts: Part[]; tokens: number } {
  const segments = [];
  let tokens = 0;
  for (const segment of repository.segments()) {
    if (tokens + segment.tokens.length <= wanted) {
      segments.push(segment);
      tokens += segment.tokens.length;
    }
  }
  return storedParts(segments);
}

/** What the tiers did between two answers. */
function perToken(
  before: TierCounters | undefined,
  after: TierCounters | undefined,
  tokens: number,
  blocks: number,
): OfTiers {
  if (before === undefined || after === undefined) {
    return {
      ...{ deviceMbPerToken: 0, waitMsPerToken: 0, chooseMsPerToken: 0 },
      ...{ wantedShare: 1, hitRate: 1, abstractShare: 0 },
    };
  }
  const wanted = after.blocksWanted - before.blocksWanted;
  return {
    deviceMbPerToken:
      (after.bytesFromDevice - before.bytesFromDevice) / (1e6 * Math.max(1, tokens)),
    waitMsPerToken: (after.waitedMs - before.waitedMs) / Math.max(1, tokens),
    chooseMsPerToken: (after.chooseMs - before.chooseMs) / Math.max(1, tokens),
    wantedShare: wanted / (Math.max(1, tokens) * blocks),
    hitRate: (after.blocksHit - before.blocksHit) / Math.max(1, wanted),
    abstractShare: after.abstractBytes / after.kvBytes,
  };
}

function sameFromStart(a: Int32Array, b: Int32Array): number {
  const other = a.findIndex((token, i) => token !== b[i]);
  return other < 0 ? a.length : other;
}
