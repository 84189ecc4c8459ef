// Finding a model's retrieval heads: those whose attention goes from a question to the lines
// that answer it. Each of a set of self-made questions has its answer in one chunk of a
// made-up file; a head is as good as the mean reciprocal rank it gives that chunk, with the
// score of an empty query subtracted.

import { createHash } from 'node:crypto';
import type { LeoEngine } from '../engine/engine.js';
import type { ChunkCandidate } from '../engine/addon.js';
import type { Passage, SegmentPlan } from '../index/types.js';
import type { HeadScorer } from './workingSet.js';
import type { ModelProfile } from './modelProfile.js';

/** Eight heads find as much as sixteen or twenty-eight. */
const headCount = 8;

/** A query that asks nothing: what a chunk gets from it, it gets from any question. */
const nullQuestion = 'N/A';

/** Names of constants and questions about them in other words. */
const planted: readonly [name: string, question: string][] = [
  ['maxUploadBytes', 'How large may a file be that somebody sends to us?'],
  ['sessionLifetime', 'How long does a login stay valid?'],
  ['retryDelay', 'How much time passes before we try again after a failure?'],
  ['defaultPort', 'On which network port do we listen?'],
  ['queueDepth', 'How many jobs may wait in line?'],
  ['cacheEntries', 'How many items do we remember at most?'],
  ['pageSize', 'How many rows come back at once?'],
  ['minPasswordLength', 'How short may a secret word be?'],
  ['heartbeatInterval', 'How often do we tell the other side that we are alive?'],
  ['workerCount', 'How many threads run beside each other?'],
  ['compressionLevel', 'How hard do we squeeze the data?'],
  ['logRotationDays', 'After how many days is the journal replaced?'],
  ['maxRedirects', 'How often do we follow a page that has moved?'],
  ['imageQuality', 'How good do pictures look after saving?'],
  ['taxRate', 'Which share of the price goes to the state?'],
  ['gravity', 'How fast do things fall?'],
];

/** Lines around a planted constant, so that a chunk looks like code. */
const surroundings = [
  [
    '// Set once at start; nothing changes it later.',
    'function apply(value) {',
    '  return value === undefined ? 0 : value;',
    '}',
  ],
  [
    'import { readFile } from "node:fs/promises";',
    'export async function load(path) {',
    '  return JSON.parse(await readFile(path, "utf8"));',
    '}',
  ],
  ['class Registry {', '  constructor() {', '    this.items = new Map();', '  }', '}'],
  [
    'export const isReady = (state) => state.kind === "ready";',
    'const listeners = [];',
    'function notify(event) {',
    '  for (const listener of listeners) listener(event);',
    '}',
  ],
];

/** Runs the questions and returns the best heads. Takes seconds; leaves nothing in the store. */
export async function findRetrievalHeads(
  engine: LeoEngine,
  header: (path: string) => string,
  signal?: AbortSignal,
): Promise<ModelProfile> {
  const segment = await plantedSegment(engine, header);
  try {
    await engine.readSegment(segment.request, 'prepare', signal);
    const heads = engine.info.layers * engine.info.heads;
    const [nullQuery] = await engine.tokenize([nullQuestion]);
    const sums = new Float64Array(heads);
    for (const [gold, [, question]] of planted.entries()) {
      const [tokens] = await engine.tokenize([question]);
      const scores = await engine.scoreAllHeads(
        tokens ?? new Int32Array(),
        nullQuery ?? new Int32Array(),
        segment.candidates,
        signal,
      );
      reciprocalRanks(scores, segment.candidates.length, gold).forEach((value, head) => {
        sums[head] = (sums[head] ?? 0) + value;
      });
    }
    return {
      version: 1,
      retrievalHeads: bestHeads(sums, planted.length, engine.info.heads, headCount),
    };
  } finally {
    await engine.native.removeSegments([segment.request.key]);
  }
}

/** Scores passages by the heads that the engine has been given; one number each, NaN where not stored. */
export function headScorer(
  engine: LeoEngine,
  segmentOf: (path: string, part: number) => SegmentPlan | undefined,
): HeadScorer {
  return async (question: string, passages: readonly Passage[]) => {
    const [tokens, nullQuery] = await engine.tokenize([question, nullQuestion]);
    const candidates = passages.map((passage) => ({
      key: segmentOf(passage.path, passage.part)?.key ?? '',
      first: passage.firstChunk,
      last: passage.lastChunk,
    }));
    return engine.scoreChunks(
      tokens ?? new Int32Array(),
      nullQuery ?? new Int32Array(),
      candidates,
    );
  };
}

/** For each head 1 / rank of the gold candidate, from scores laid out [candidate][head]. */
export function reciprocalRanks(
  scores: Float32Array,
  candidates: number,
  gold: number,
): Float64Array {
  const heads = scores.length / candidates;
  const result = new Float64Array(heads);
  for (let head = 0; head < heads; head++) {
    const own = scores[gold * heads + head] ?? -Infinity;
    let better = 0;
    for (let candidate = 0; candidate < candidates; candidate++) {
      if (candidate !== gold && (scores[candidate * heads + head] ?? -Infinity) >= own) {
        better++;
      }
    }
    result[head] = 1 / (1 + better);
  }
  return result;
}

/** The `count` best heads by their summed reciprocal ranks over `questions`. */
export function bestHeads(
  sums: Float64Array,
  questions: number,
  headsPerLayer: number,
  count: number,
): ModelProfile['retrievalHeads'] {
  return Array.from(sums, (sum, index) => ({
    layer: Math.floor(index / headsPerLayer),
    head: index % headsPerLayer,
    meanReciprocalRank: sum / questions,
  }))
    .sort((a, b) => b.meanReciprocalRank - a.meanReciprocalRank)
    .slice(0, count);
}

interface PlantedSegment {
  request: { key: string; tokens: Int32Array; chunkEnds: Uint32Array };
  candidates: ChunkCandidate[];
}

async function plantedSegment(
  engine: LeoEngine,
  header: (path: string) => string,
): Promise<PlantedSegment> {
  const [head] = await engine.tokenize([header('settings.js')], true);
  const chunks = await engine.tokenize(planted.map(([name], i) => plantedChunk(name, i)));
  const pieces = [head ?? new Int32Array(), ...chunks];
  const tokens = Int32Array.from(pieces.flatMap((piece) => [...piece]));
  let end = 0;
  const chunkEnds = Uint32Array.from(pieces, (piece) => (end += piece.length));
  // Random, so that two processes that search at once do not meet in the store.
  const key = createHash('sha256')
    .update(`retrieval heads ${process.pid} ${Date.now()}`)
    .digest('hex');
  return {
    request: { key, tokens, chunkEnds },
    candidates: planted.map((_, i) => ({ key, first: i + 1, last: i + 2 })),
  };
}

function plantedChunk(name: string, index: number): string {
  const around = surroundings[index % surroundings.length] ?? [];
  const middle = Math.ceil(around.length / 2);
  const line = `export const ${name} = ${(index * 37) % 90};`;
  return [...around.slice(0, middle), line, ...around.slice(middle), ''].join('\n');
}
