// One row of bench tiers: a question is asked behind a context of stored chunks in one way, and its
// answer decoded.

import type { Assistant } from '../../server/assistant.js';
import type { GenerateResult, Part } from '../../server/engine/addon.js';
import type { LeoSession } from '../../server/engine/engine.js';
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
  /** Of the blocks that steps read, those of which the high plane alone. */
  highShare: number;
  /** Fitted: what the disk delivers, and what all cores decode; 0 where nothing was read. */
  linkMbPerSecond: number;
  decodeMbPerSecond: number;
  /** Abstracts of the keys, in RAM, over the KV. */
  abstractShare: number;
  /** Of the tokens that follow where all is in memory, each given those before it. */
  topAgreement: number;
  /** Nats a token above those of `memory`. */
  nllDifference: number;
  /** Of code that follows the context, over what it is in `memory`. */
  perplexityRatio?: number;
  /** Tokens from the start on that are those of `full-disk`, of those that are decoded. */
  sameTokens?: number;
  /** Of tokens that were guessed, the right ones; of `lossless`. */
  accepted?: number;
}

type OfTiers = Pick<
  Row,
  | ('deviceMbPerToken' | 'waitMsPerToken' | 'chooseMsPerToken')
  | ('wantedShare' | 'hitRate' | 'abstractShare')
  | ('highShare' | 'linkMbPerSecond' | 'decodeMbPerSecond')
>;

const question = 'What does this code do when something fails, and which function decides that?';
/** Two layers and a little: what a step needs at a time, and nothing that stays. */
const layersAtOnce = 2.2;

export async function measure(
  assistant: Assistant,
  repository: RepositoryIndex,
  contextTokens: number,
  settings: readonly Setting[],
  { steps, codeTokens }: { steps: number; codeTokens: number },
): Promise<Row[]> {
  const { engine } = assistant;
  const { parts, tokens, rest: code } = contextOf(repository, contextTokens);
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
  let codeBaseline = 0;
  let exact: Int32Array | undefined;
  for (const { tiers, ...setting } of settings) {
    note(`${String(tokens)} tokens: ${setting.way}, disk ${String(setting.disk)}`);
    const behind = Math.max(asked.length + steps, codeTokens);
    const rest = assistant.profile.preamble.length + behind + 16;
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
      const codeNll = codeTokens > 0 ? await nllOfCode(session, parts, code, codeTokens) : 0;
      codeBaseline = tiers === undefined ? codeNll : codeBaseline;
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
        ...(codeTokens > 0 ? { perplexityRatio: Math.exp(codeNll - codeBaseline) } : {}),
        ...(exact === undefined ? {} : { sameTokens: sameFromStart(exact, result.tokens) }),
        ...(tokensDrafted > 0 ? { accepted: tokensAccepted / tokensDrafted } : {}),
      });
    } finally {
      session.dispose();
    }
  }
  return rows;
}

/** Nats a token of the first of these tokens, each given those before it. */
async function nllOfCode(
  session: LeoSession,
  context: readonly Part[],
  code: Int32Array,
  count: number,
): Promise<number> {
  if (code.length < count) {
    throw new Error(`Only ${String(code.length)} tokens of code are left behind the context.`);
  }
  const parts: Part[] = [...context, { kind: 'text', tokens: code.slice(0, 1) }];
  const { logProbabilities } = await session.score(
    { parts, questionPart: context.length, repair: { share: 0 }, target: code.slice(1, count) },
    'chat',
  );
  return -mean(Array.from(logProbabilities));
}

/** The repository's first segments, about so many tokens, and the tokens of the others. */
function contextOf(
  repository: RepositoryIndex,
  wanted: number,
): { parts: Part[]; tokens: number; rest: Int32Array } {
  const segments = [];
  const rest: number[] = [];
  let tokens = 0;
  for (const segment of repository.segments()) {
    if (tokens + segment.tokens.length <= wanted) {
      segments.push(segment);
      tokens += segment.tokens.length;
    } else {
      rest.push(...segment.tokens);
    }
  }
  const { parts, tokens: stored } = storedParts(segments);
  return { parts, tokens: stored, rest: Int32Array.from(rest) };
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
      ...{ highShare: 0, linkMbPerSecond: 0, decodeMbPerSecond: 0 },
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
    highShare:
      (after.blocksHigh - before.blocksHigh) / Math.max(1, after.blocksRead - before.blocksRead),
    linkMbPerSecond: after.linkMbPerSecond,
    decodeMbPerSecond: after.decodeMbPerSecond,
  };
}

function sameFromStart(a: Int32Array, b: Int32Array): number {
  const other = a.findIndex((token, i) => token !== b[i]);
  return other < 0 ? a.length : other;
}
