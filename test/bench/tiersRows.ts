// One row of bench tiers: a question is asked behind a context of stored chunks in one way, and its
// answer decoded.

import path from 'node:path';
import type { Assistant } from '../../server/assistant.js';
import type { GenerateResult, Part } from '../../server/engine/addon.js';
import type { LeoEngine } from '../../server/engine/engine.js';
import type { LeoSession } from '../../server/engine/session.js';
import type { TierCounters } from '../../server/engine/tierOptions.js';
import { hitRates } from '../../server/engine/tierRates.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { storedParts } from '../../server/prompt/parts.js';
import { questionTokens } from '../../server/prompt/question.js';
import type { Question } from '../quality/load.js';
import { MemoryCap } from './memoryCap.js';
import { dropFromPageCache } from './pageCache.js';
import { median, percentile } from './statistics.js';
import { note } from './support.js';
import { goldOf, promptOf, QualityOfRows, type Prompt, type Quality } from './tiersQuality.js';
import { tokenTimes } from './tiersSteps.js';
import type { Setting } from './tiersWays.js';

export interface Row extends Omit<Setting, 'tiers'>, Partial<Quality> {
  contextTokens: number;
  /** Until the first token: the question is attended to all of the context. */
  ttftMs: number;
  /** Of all tokens of an answer, or of all answers that are written together. */
  msPerToken: number;
  tokensPerSecond: number;
  /**
   * Of a token: between two pieces of text of one answer, over the answers that are written meanwhile;
   * of `lossless` many come at once.
   */
  medianMs?: number;
  p95Ms?: number;
  /** Read from the store, at each step of decoding; of `mmap` also what the page cache had. */
  mbPerToken: number;
  /** Copied from the device's memory, and to it, at each step. */
  deviceMbPerToken: number;
  toDeviceMbPerToken: number;
  /** Of `msPerToken`: waiting for reads, judging abstracts. */
  waitMsPerToken: number;
  chooseMsPerToken: number;
  /** Judging abstracts over what a step takes without that and without waiting. */
  evaluationOverCompute: number;
  /** Of the context's blocks, those that a step wanted; what drafts and passes over all wanted together. */
  wantedShare: number;
  /**
   * Of the blocks that passes attended to and whose attention was counted (of drafts only what verifies
   * them, of answers that are written together none), those without which the others hold 98.5 % of
   * it: bytes that need not have been there.
   */
  redundantShare: number | null;
  /** Of the blocks that steps wanted, those that were in RAM, with nothing read for them, ahead or not. */
  hitRate: number;
  /** Of the blocks that steps read, those of which the high plane alone. */
  highShare: number;
  /** Fitted: what the disk delivers, and what all cores decode; 0 where nothing was read. */
  linkMbPerSecond: number;
  decodeMbPerSecond: number;
  /** Abstracts of the keys, in RAM, over the KV. */
  abstractShare: number;
}

type OfTiers = Pick<
  Row,
  | ('deviceMbPerToken' | 'toDeviceMbPerToken' | 'waitMsPerToken' | 'chooseMsPerToken')
  | 'evaluationOverCompute'
  | ('wantedShare' | 'redundantShare' | 'hitRate' | 'abstractShare')
  | ('highShare' | 'linkMbPerSecond' | 'decodeMbPerSecond')
>;

/** About anything; as many at once as are written together. */
const askedTogether = [
  'What does this code do when something fails, and which function decides that?',
  'Which options does it take, and what are they when nobody says otherwise?',
  'Where is the input checked, and what is said of a wrong one?',
  'Which function would you read first, and why?',
  'How is a request cancelled, and what is left behind then?',
  'Which parts depend on each other, and could one be left out?',
  'What is kept between two calls, and where?',
  'Which tests does this code need most?',
];
export const mostTogether = askedTogether.length;
/** Of the store, beside what the limit counts. */
const mostResidentBytes = 2e6;
/** Two layers and a little: what a step needs at a time, and nothing that stays. */
const layersAtOnce = 2.2;

export interface Measured {
  /** Tokens that are decoded. */
  steps: number;
  /** Of the code behind the context, how many are judged. */
  codeTokens: number;
  /** Those of them that the context answers are judged, too. */
  questions: readonly Question[];
}

export async function measure(
  assistant: Assistant,
  repository: RepositoryIndex,
  contextTokens: number,
  settings: readonly Setting[],
  { steps, codeTokens, questions }: Measured,
): Promise<Row[]> {
  const { engine } = assistant;
  const { parts, paths, tokens, rest: code } = contextOf(repository, contextTokens);
  if (code.length < codeTokens) {
    throw new Error(
      `Only ${String(code.length)} tokens of code are left behind the context: --code-tokens takes no more.`,
    );
  }
  const chunks = parts.reduce(
    (sum, part) => sum + (part.kind === 'chunks' ? part.last - part.first : 0),
    0,
  );
  const asked = await Promise.all(
    askedTogether.map((question) =>
      questionTokens(assistant.profile, engine, { question, first: true }),
    ),
  );
  const prompts = asked.map((one) => promptOf(parts, one));
  const gold = await goldOf(
    assistant,
    parts,
    questions.filter(({ source, source2 }) => paths.has(source) && paths.has(source2 ?? source)),
  );
  const quality = new QualityOfRows({ context: parts, code: code.slice(0, codeTokens), gold });
  const behind = [
    codeTokens,
    ...asked.map(({ length }) => length + steps),
    ...gold.map(({ prompt, target }) => lengthOfText(prompt) + target.length),
  ];
  const rest = assistant.profile.preamble.length + Math.max(...behind) + 16;
  const kvBytes = tokens * engine.info.kvBytesPerToken;
  const rows: Row[] = [];
  for (const { tiers, ...setting } of settings) {
    const { way, disk, batch } = setting;
    note(`${String(tokens)} tokens: ${way}, disk ${String(disk)}, ${String(batch)} together`);
    const open = (): LeoSession =>
      tiers === undefined
        ? engine.newSession(rest + tokens)
        : engine.newSession(rest, {
            ...tiers,
            countNeeded: true,
            ramBytes: Math.ceil(
              kvBytes *
                Math.max(
                  way === 'mmap' ? 0 : setting.ramPercent / 100,
                  layersAtOnce / engine.info.layers,
                ),
            ),
            deviceBytes: Math.ceil((kvBytes * setting.devicePercent) / 100),
          });
    const cap = way === 'mmap' ? await emptyCap(assistant) : undefined;
    if (way === 'mmap' && cap === undefined) {
      note('mmap is left out: the system lets this process limit or empty no page cache.');
      continue;
    }
    const sessions: LeoSession[] = [];
    try {
      while (sessions.length < setting.batch) {
        sessions.push(open());
      }
      const { before, after, ms, passes, answers, ...speed } = await decode(
        engine,
        sessions,
        prompts,
        steps,
        async () => cap?.limitCache((kvBytes * setting.ramPercent) / 100),
      );
      await cap?.leave();
      rows.push({
        ...setting,
        contextTokens: tokens,
        ...speed,
        ...perToken(before, after, { ms, passes, blocks: engine.info.layers * chunks }),
        ...(await quality.of(way, sessions, prompts, answers)),
      });
    } finally {
      for (const session of sessions) {
        session.dispose();
      }
      await cap?.leave();
    }
  }
  return rows;
}

/** What the store's files have in the page cache counts from now on; undefined where it cannot. */
async function emptyCap({ home }: Assistant): Promise<MemoryCap | undefined> {
  const cap = await MemoryCap.enter();
  if (cap === undefined) {
    return undefined;
  }
  try {
    const { dropped, residentBytes = 0 } = await dropFromPageCache([path.join(home, 'store')]);
    if (dropped && residentBytes < mostResidentBytes) {
      return cap;
    }
  } catch (error) {
    await cap.leave();
    throw error;
  }
  await cap.leave();
  return undefined;
}

function lengthOfText({ parts }: Prompt): number {
  return parts.reduce((sum, part) => sum + (part.kind === 'text' ? part.tokens.length : 0), 0);
}

type Speed = Pick<
  Row,
  'ttftMs' | 'msPerToken' | 'tokensPerSecond' | 'mbPerToken' | 'medianMs' | 'p95Ms'
>;

interface Decoded extends Speed {
  answers: GenerateResult[];
  /** Behind the first token, and how long they took. */
  passes: number;
  ms: number;
  /** Around these. */
  before: TierCounters | undefined;
  after: TierCounters | undefined;
}

/** An answer in each of the sessions, written together where there are several. */
async function decode(
  engine: LeoEngine,
  sessions: readonly LeoSession[],
  prompts: readonly Prompt[],
  steps: number,
  beforeSteps: () => Promise<void>,
): Promise<Decoded> {
  let pieces: number[][] = [];
  const write = async (maxTokens: number): Promise<GenerateResult[]> => {
    pieces = sessions.map(() => []);
    const asked = sessions.map((session, index) => {
      const onText = (): void => void pieces[index]!.push(performance.now());
      return {
        session,
        request: { ...prompts[index]!, maxTokens, sampling: { temperature: 0 }, stop: [], onText },
      };
    });
    return asked.length === 1
      ? [await asked[0]!.session.generate(asked[0]!.request, 'chat')]
      : engine.generateTogether(asked, 'chat');
  };
  const first = await write(1);
  const prompted = await write(1); // their last token again, attended to all
  await beforeSteps();
  const answers = await write(steps);
  const times = tokenTimes(pieces);
  const sum = (
    results: readonly GenerateResult[],
    of: (result: GenerateResult) => number,
  ): number => results.reduce((total, result) => total + of(result), 0);
  const tokens = sum(answers, (answer) => answer.tokens.length);
  const read = (results: readonly GenerateResult[]): number =>
    sum(results, ({ counters }) => counters.bytesFromDisk);
  const ms = Math.max(...answers.map(({ timings }) => timings.decodeMs));
  return {
    ttftMs: Math.max(...first.map(({ timings }) => timings.ttftMs)),
    msPerToken: ms / Math.max(1, tokens),
    tokensPerSecond: (1000 * tokens) / ms,
    ...(times.length === 0 ? {} : { medianMs: median(times), p95Ms: percentile(times, 95) }),
    mbPerToken: (read(answers) - read(prompted)) / (1e6 * Math.max(1, tokens - answers.length)),
    ...{ answers, ms },
    passes: Math.max(...answers.map((answer) => answer.tokens.length)) - 1,
    before: prompted[0]?.tiers,
    after: answers[0]?.tiers,
  };
}

/** The repository's first segments, about so many tokens, and the tokens of the others. */
function contextOf(
  repository: RepositoryIndex,
  wanted: number,
): { parts: Part[]; paths: Set<string>; tokens: number; rest: Int32Array } {
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
  const paths = new Set(segments.map(({ path }) => path));
  return { parts, paths, tokens: stored, rest: Int32Array.from(rest) };
}

/** What the tiers did between two answers. */
function perToken(
  before: TierCounters | undefined,
  after: TierCounters | undefined,
  { ms, passes, blocks }: { ms: number; passes: number; blocks: number },
): OfTiers {
  const tokens = Math.max(1, passes);
  if (before === undefined || after === undefined) {
    return {
      ...{ deviceMbPerToken: 0, toDeviceMbPerToken: 0, waitMsPerToken: 0, chooseMsPerToken: 0 },
      evaluationOverCompute: 0,
      ...{ wantedShare: 1, redundantShare: null, hitRate: 1, abstractShare: 0 },
      ...{ highShare: 0, linkMbPerSecond: 0, decodeMbPerSecond: 0 },
    };
  }
  const wanted = after.blocksWanted - before.blocksWanted;
  const blocksRead = after.blocksRead - before.blocksRead;
  const blocksFromDevice = after.blocksFromDevice - before.blocksFromDevice;
  const weighed = after.blocksWeighed - before.blocksWeighed;
  const waitedMs = after.waitedMs - before.waitedMs;
  const chooseMs = after.chooseMs - before.chooseMs;
  return {
    deviceMbPerToken: (after.bytesFromDevice - before.bytesFromDevice) / (1e6 * tokens),
    toDeviceMbPerToken: (after.bytesToDevice - before.bytesToDevice) / (1e6 * tokens),
    waitMsPerToken: waitedMs / tokens,
    chooseMsPerToken: chooseMs / tokens,
    evaluationOverCompute: chooseMs / Math.max(1, ms - waitedMs - chooseMs),
    wantedShare: wanted / (tokens * blocks),
    redundantShare: weighed > 0 ? 1 - (after.blocksNeeded - before.blocksNeeded) / weighed : null,
    hitRate: hitRates({ blocksWanted: wanted, blocksRead, blocksFromDevice }).ram ?? 1,
    abstractShare: after.abstractBytes / after.kvBytes,
    highShare: (after.blocksHigh - before.blocksHigh) / Math.max(1, blocksRead),
    linkMbPerSecond: after.linkMbPerSecond,
    decodeMbPerSecond: after.decodeMbPerSecond,
  };
}
