// npm run bench -- tiers: decoding behind a context whose KV is larger than the memory for it,
// against all of it in memory and against reading all of it at every step.
//
//   --model ID|PATH      (smollm2-135m, whose KV is large for its weights)   --threads N
//   --repos fastify      (the first one is taken)
//   --contexts 2048,6144 tokens of stored chunks before the question
//   --ram 25             percent of the context's KV that may be in memory, a list
//   --share 0.2          of the chunks that take part in a step, a list
//   --mass 1             of the estimated attention that is enough for a step, a list
//   --draft 6            tokens that steps with a share guess ahead where all verifies them
//   --disk 1000          MB/s that reads are throttled to, a list; 0: the system's page cache
//   --steps N            tokens that are decoded (48)

import { openAssistant, type Assistant } from '../../server/assistant.js';
import type { GenerateResult, Part, TierCounters, TierOptions } from '../../server/engine/addon.js';
import { storedParts } from '../../server/prompt/parts.js';
import { questionTokens } from '../../server/prompt/question.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { benchRepo, openIndexed, repositoryFolder } from './repositories.js';
import { mean } from './statistics.js';
import {
  announce,
  benchHome,
  benchModel,
  benchOptions,
  countOption,
  describeDevice,
  listOption,
  note,
  smallBenchModel,
  threadsOption,
} from './support.js';

interface Setting {
  /**
   * All of the KV in memory; all of it read at every step and nothing kept; all of it, with what
   * fits kept and the next layer read ahead; a share of it, chosen by abstracts; all of it, which
   * verifies what steps with that share have guessed.
   */
  mode: 'memory' | 'full-disk' | 'dense' | 'leoam' | 'lossless';
  /** Of the chunks, in a step that attends to a share. */
  share?: number;
  /** Of the estimated attention, enough for such a step. */
  mass?: number;
  ramPercent: number;
  diskMbPerSecond: number;
  tiers?: TierOptions;
}

interface Row extends Omit<Setting, 'tiers'> {
  contextTokens: number;
  /** Until the first token: the question is attended to all of the context. */
  ttftMs: number;
  msPerToken: number;
  /** Read from the store, at each step of decoding. */
  mbPerToken: number;
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

const question = 'What does this code do when something fails, and which function decides that?';
/** Two layers and a little: what a step needs at a time, and nothing that stays. */
const layersAtOnce = 2.2;
const secondsPerRow = 20;

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, [
    ...['repos', 'contexts', 'ram', 'share', 'disk', 'steps', 'draft', 'mass'],
  ]);
  const steps = countOption('steps', values.steps, 48);
  const numbers = (value: string | undefined, fallback: string): number[] =>
    listOption(value, listOption(fallback, [])).map(Number);
  const contexts = numbers(values.contexts, '2048,6144');
  const [name = 'fastify'] = listOption(values.repos, ['fastify']);
  const device = describeDevice();
  const model = await benchModel(values.model ?? smallBenchModel);
  const home = await benchHome();
  const threads = threadsOption(values.threads);
  const assistant = await openAssistant({ home, model: model.path, threads });
  const repository = await openIndexed(assistant, await repositoryFolder(await benchRepo(name)));
  try {
    const settings = settingsOf(
      numbers(values.ram, '25'),
      numbers(values.share, '0.2'),
      numbers(values.disk, '1000'),
      numbers(values.mass, '1'),
      countOption('draft', values.draft, 6),
    );
    announce(
      `${String(settings.length)} ways behind ${String(contexts.length)} contexts`,
      settings.length * contexts.length * secondsPerRow,
    );
    const rows: Row[] = [];
    for (const tokens of contexts) {
      rows.push(...(await measure(assistant, repository, tokens, settings, steps)));
    }
    return {
      model: model.id,
      ...device,
      threads,
      repo: name,
      steps,
      rows,
      ...speedups(rows, 'leoam'),
      lossless: speedups(rows, 'lossless'),
    };
  } finally {
    await repository.close();
    await assistant.dispose();
  }
}

function settingsOf(
  rams: number[],
  shares: number[],
  disks: number[],
  masses: number[],
  draftTokens: number,
): Setting[] {
  const settings: Setting[] = [{ mode: 'memory', ramPercent: 100, diskMbPerSecond: 0 }];
  for (const disk of disks) {
    const speed = { diskMbPerSecond: disk };
    const diskBytesPerSecond = disk * 1e6;
    settings.push({
      ...{ mode: 'full-disk', ramPercent: 0, ...speed },
      tiers: { ramBytes: 0, prefetch: false, diskBytesPerSecond },
    });
    for (const ramPercent of rams) {
      settings.push({
        ...{ mode: 'dense', ramPercent, ...speed },
        tiers: { ramBytes: 0, diskBytesPerSecond },
      });
      for (const [share, mass] of shares.flatMap((one) => masses.map((of) => [one, of] as const))) {
        const tiers = { ramBytes: 0, share, mass, diskBytesPerSecond };
        const chosen = { share, mass, ramPercent, ...speed };
        settings.push({ mode: 'leoam', ...chosen, tiers });
        settings.push({ mode: 'lossless', ...chosen, tiers: { ...tiers, draftTokens } });
      }
    }
  }
  return settings;
}

async function measure(
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
    note(`${String(tokens)} tokens: ${setting.mode}`);
    const rest = assistant.profile.preamble.length + asked.length + steps + 16;
    const session =
      tiers === undefined
        ? engine.newSession(rest + tokens)
        : engine.newSession(rest, {
            ...tiers,
            ramBytes: Math.ceil(
              kvBytes * Math.max(setting.ramPercent / 100, layersAtOnce / engine.info.layers),
            ),
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
      exact = setting.mode === 'full-disk' ? result.tokens : exact;
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
): Pick<Row, 'waitMsPerToken' | 'chooseMsPerToken' | 'wantedShare' | 'hitRate' | 'abstractShare'> {
  if (before === undefined || after === undefined) {
    return { waitMsPerToken: 0, chooseMsPerToken: 0, wantedShare: 1, hitRate: 1, abstractShare: 0 };
  }
  const wanted = after.blocksWanted - before.blocksWanted;
  return {
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

/** Of a mode over `full-disk` at the same speed of the disk. */
function speedups(
  rows: readonly Row[],
  mode: 'leoam' | 'lossless',
): { meanSpeedup: number; bestSpeedup: number } {
  const ratios = rows
    .filter((row) => row.mode === mode)
    .flatMap((row) => {
      const base = rows.find(
        (other) =>
          other.mode === 'full-disk' &&
          other.contextTokens === row.contextTokens &&
          other.diskMbPerSecond === row.diskMbPerSecond,
      );
      return base === undefined ? [] : [base.msPerToken / row.msPerToken];
    });
  return { meanSpeedup: mean(ratios), bestSpeedup: Math.max(...ratios) };
}
