// Fills in at a cursor. One session holds the evidence and the file around the cursor: what is
// typed computes its own tokens and two marks, what stands behind an edit is moved with it, and
// evidence is chosen anew only when the cursor enters another function.

import type { Counters, Sampling } from '../engine/addon.js';
import type { LeoEngine } from '../engine/engine.js';
import type { RequestClass } from '../engine/jobs.js';
import type { LeoSession } from '../engine/session.js';
import { isEngineError } from '../engine/errors.js';
import type { RepositoryIndex } from '../index/types.js';
import { joinTokens, type PromptProfile } from '../prompt/profile.js';
import type { Approximations } from './approximations.js';
import { defaultLimits } from './cursorWindow.js';
import type { FilePlace, NamedPlace } from './knownPlaces.js';
import { healable } from './healing.js';
import { alignBefore, layOut, type Layout } from './layout.js';
import { fimMarks, type FimMarks } from './marks.js';
import { cursorPrompt, type CursorPrompt } from './prompt.js';
import { storedFile, type StoredFile } from './storedFile.js';
import { linesSeen, Stretches, type SeenLines } from './stretches.js';
import { TokenCache } from './tokenCache.js';

export interface CompletionContext {
  engine: LeoEngine;
  profile: PromptProfile;
  repository: RepositoryIndex;
  /** Of a document that is open in an editor, by its path; absent: none is. */
  openText?: (path: string) => string | undefined;
}

export interface CompletionRequest {
  /** Relative to the repository, with forward slashes. */
  path: string;
  /** The file as it is in the editor. */
  text: string;
  /** Of the cursor, in UTF-16 units. */
  offset: number;
  approximations: Approximations;
  maxTokens: number;
  /** Ends the completion; not part of it. */
  stop: string[];
  /** Asked after each piece of text: whether what is written needs nothing behind it. */
  isComplete?: (written: string) => boolean;
  /** Natural: below this mean nothing is worth showing, and the completion ends early. */
  minMeanLogProbability?: number;
  /** Tokens of one guess; 0: every token takes a pass of its own. */
  draftTokens?: number;
  /** What it may well write; decoding verifies it. */
  guess?: string;
  /** What stood there: how likely the model finds it is judged, too. */
  expected?: string;
  /** Absent: the likeliest token each time. */
  sampling?: Sampling;
  requestClass?: RequestClass;
  signal?: AbortSignal;
}

export interface Completion {
  completion: string;
  /** `stop`: by a stop string or because it is complete. */
  reason: 'end' | 'stop' | 'length' | 'unlikely' | 'cancelled';
  meanLogProbability?: number;
  /** Of what was expected: negative log likelihood, natural, a token. */
  goldNll?: number;
  /** The passages that were seen, best first. */
  sources: SeenLines[];
  counters: Counters & { workingSetTokens: number };
  timings: { selectMs: number; queuedMs: number; ttftMs: number; totalMs: number };
}

/** The file in the editor, as it was last laid out. */
interface OpenFile {
  path: string;
  stored: StoredFile;
  /** The cursor's offset when that was taken. */
  chosenAt: number;
  start: number | undefined;
  header: Int32Array;
  /** More of the file to guess from. */
  corpus: Int32Array;
}

/** From where the file's stored chunks were chosen; farther away, others stand around it. */
const farthestCursor = 600;
const defaultDraftTokens = 8;
/** Of the text before the cursor, for guesses. */
const contextTokens = 16;
/** The first tokens of what turns out well are often unsure: no fewer are judged while it is written. */
const minJudgedTokens = 4;
/** Of a session: a larger one has to be made, and filled, only for lines of unusual length. */
const usualTokens = 4096;
const slackTokens = 512;
/** Of a stored segment. */
const lostFromStore = new Set(['not-found', 'corruption']);
/** Of a large file a part is enough to guess from. */
const corpusCharacters = 60_000;
const none = new Int32Array();

/** One request at a time: await one, or abort it and await it, before the next. */
export class Completer {
  private readonly marks: FimMarks;
  private readonly tokens: TokenCache;
  private readonly stretches: Stretches;
  private session: LeoSession | undefined;
  private sessionTokens = 0;
  private file: OpenFile | undefined;

  /** Throws "invalid-input" for a model that cannot fill in. */
  constructor(private readonly context: CompletionContext) {
    this.marks = fimMarks(context.engine);
    this.tokens = new TokenCache(context.engine);
    this.stretches = new Stretches(context);
  }

  async complete(request: CompletionRequest): Promise<Completion> {
    try {
      return await this.write(request);
    } catch (error) {
      if (!isEngineError(error) || !lostFromStore.has(error.code)) {
        throw error;
      }
      // Evicted or damaged since it was chosen: what is there now is chosen again.
      this.forget();
      return this.write(request);
    }
  }

  /** Where the names around a cursor are defined, as the editor knows. */
  defined(cursor: { path: string; text: string; offset: number }, places: NamedPlace[]): void {
    this.stretches.defined(cursor, places);
  }

  /** Something was written there: it belongs to what is written elsewhere next. Returns what takes that back. */
  wrote(place: FilePlace): () => void {
    return this.stretches.wrote(place);
  }

  /** Files of the repository whose text is not what it was. */
  outdated(paths: readonly string[]): void {
    this.stretches.outdated(paths);
  }

  /** Begins anew, as if nothing had been filled in before. */
  reset(): void {
    this.dispose();
    this.forget();
  }

  dispose(): void {
    this.session?.dispose();
    this.session = undefined;
  }

  private forget(): void {
    this.stretches.forget();
    this.file = undefined;
  }

  private async write(request: CompletionRequest): Promise<Completion> {
    const arrived = performance.now();
    const stretch = await this.stretches.of(request);
    const healed =
      request.approximations.healing === 'on'
        ? healable(request.text.slice(0, request.offset))
        : '';
    const cut = without(healed, request);
    const file = await this.fileOf(cut);
    const selectMs = performance.now() - arrived;
    request.signal?.throwIfAborted();
    const prompt = await this.promptOf(cut, file);
    const complete = new AbortController();
    let written = '';
    let end: number | undefined;
    const watch = (text: string): void => {
      written += text;
      if (end === undefined && request.isComplete?.(written) === true) {
        end = written.length;
        complete.abort();
      }
    };
    const context = prompt.before.slice(-contextTokens);
    const asked = (of: CursorPrompt) => ({
      parts: [...stretch.parts, ...of.evidence, ...of.question],
      questionPart: stretch.parts.length + of.evidence.length,
      repair: { share: 0 },
    });
    const expected = await this.expectedTokens(request.expected);
    const [begun = none] = await this.tokens.of([healed]);
    // Of the one token that is asked for to have the prompt computed nobody wants the text.
    const isPrompt = request.requestClass === 'prepare' && request.maxTokens === 1;
    const maxTokens = request.maxTokens + (isPrompt ? 0 : begun.length);
    const room = Math.max(maxTokens, expected.length + begun.length);
    const session = this.sessionFor(stretch.tokens + prompt.tokens + room);
    const submitted = performance.now();
    const result = await session.generate(
      {
        ...asked(prompt),
        maxTokens,
        sampling: request.sampling ?? { temperature: 0 },
        stop: request.stop,
        healed,
        draft: {
          maxTokens: request.draftTokens ?? defaultDraftTokens,
          context,
          corpus: joinTokens([
            file.corpus,
            ...(await this.guessed(context, healed, request.guess)),
          ]),
        },
        minMeanLogProbability: request.minMeanLogProbability ?? -Infinity,
        minJudgedTokens,
        ...(request.isComplete === undefined ? {} : { onText: watch }),
      },
      request.requestClass ?? 'completion',
      anyOf(request.signal, complete.signal),
    );
    const count = result.tokens.length - result.healedTokens;
    const mean = count === 0 ? undefined : result.logProbability / count;
    // What came after it was complete depends on when the engine heard of it.
    const isWhole = end !== undefined && request.signal?.aborted !== true;
    const reason = isWhole ? 'stop' : result.reason;
    const isUnlikely =
      reason !== 'cancelled' &&
      count < minJudgedTokens &&
      (mean ?? 0) < (request.minMeanLogProbability ?? -Infinity);
    const totalMs = performance.now() - arrived;
    // Behind all that stands there, as likelihoods of the text are compared.
    const goldNll =
      expected.length === 0
        ? undefined
        : await nllOf(session, {
            ...asked(healed === '' ? prompt : await this.promptOf(request, file)),
            target: expected,
          });
    return {
      completion: result.text.slice(0, end),
      reason: isUnlikely ? 'unlikely' : reason,
      ...(mean === undefined ? {} : { meanLogProbability: mean }),
      ...(goldNll === undefined ? {} : { goldNll }),
      sources: linesSeen(stretch),
      counters: { ...result.counters, workingSetTokens: stretch.tokens },
      timings: {
        selectMs,
        queuedMs: result.timings.queuedMs,
        ttftMs: submitted - arrived + result.timings.queuedMs + result.timings.ttftMs,
        totalMs,
      },
    };
  }

  private async promptOf(request: CompletionRequest, file: OpenFile): Promise<CursorPrompt> {
    const layout = this.layoutOf(request, file);
    file.start = layout.start;
    return cursorPrompt(layout, {
      header: file.header,
      marks: this.marks,
      tokens: this.tokens,
      approximations: request.approximations,
    });
  }

  /** What is taken of the file from the store, as long as it holds. */
  private async fileOf(request: CompletionRequest): Promise<OpenFile> {
    const { path, text, offset, approximations } = request;
    const known = this.file?.path === path ? this.file : undefined;
    const isNear =
      known?.start !== undefined &&
      offset >= known.start &&
      offset - known.start <= 2 * defaultLimits.prefixCharacters;
    if (known !== undefined && isNear && this.holds(known, text, offset)) {
      return known;
    }
    const { repository, engine } = this.context;
    const stored =
      approximations.file === 'read'
        ? { runs: [], head: [], cursor: offset }
        : await storedFile(
            { repository, hasSegments: (keys) => engine.hasSegments(keys) },
            ...([path, text, offset, defaultLimits, known?.stored.runs[0]?.start] as const),
          );
    // What the session holds of a file that has changed above is better than starting anew.
    const start = stored.runs.length === 0 && isNear ? known.start : undefined;
    const { header, corpus } =
      known ?? (await this.tokensOf(path, layOut(text, offset, stored, start)));
    this.file = { ...{ path, stored, start, header, corpus }, chosenAt: offset };
    return this.file;
  }

  /** Whether what was taken from the store serves at a cursor. */
  private holds({ stored, chosenAt }: OpenFile, text: string, offset: number): boolean {
    const isThere = Math.abs(offset - chosenAt) <= farthestCursor;
    // What was typed without stored chunks is in the session: the store has nothing better.
    return isThere && (stored.runs.length === 0 || alignBefore(text, offset, stored) !== undefined);
  }

  /** What is tokenised once for a file. */
  private async tokensOf(
    path: string,
    { outside: [above, below] }: Layout,
  ): Promise<Pick<OpenFile, 'header' | 'corpus'>> {
    const { engine, profile } = this.context;
    const [header = none] = await engine.tokenize([profile.header(path)], true);
    const around = [above.slice(-corpusCharacters), below.slice(0, corpusCharacters)];
    return { header, corpus: joinTokens(await engine.tokenize(around, false)) };
  }

  private layoutOf({ text, offset, approximations }: CompletionRequest, file: OpenFile): Layout {
    const { runs, ...stored } = file.stored;
    const usesBehind = approximations.behind !== 'read' && approximations.file === 'stored';
    const used = usesBehind ? runs : runs.filter(({ start }) => start < stored.cursor);
    return layOut(text, offset, { ...stored, runs: used }, file.start);
  }

  /** What is healed, and the guess, as if they had been read behind the cursor's text. */
  private async guessed(context: Int32Array, healed: string, guess = ''): Promise<Int32Array[]> {
    return healed + guess === '' ? [] : [context, ...(await this.tokens.of([healed + guess]))];
  }

  private async expectedTokens(expected: string | undefined): Promise<Int32Array> {
    return expected === undefined ? none : joinTokens(await this.tokens.of([expected]));
  }

  private sessionFor(tokens: number): LeoSession {
    const needed = this.context.profile.preamble.length + tokens;
    if (this.session === undefined || needed > this.sessionTokens) {
      this.dispose();
      this.sessionTokens = Math.max(needed + slackTokens, usualTokens);
      this.session = this.context.engine.newSession(this.sessionTokens);
    }
    return this.session;
  }
}

/** The same without what stands right before the cursor. */
function without(healed: string, request: CompletionRequest): CompletionRequest {
  const { text, offset } = request;
  const cut = offset - healed.length;
  return { ...request, text: text.slice(0, cut) + text.slice(offset), offset: cut };
}

/** Behind a prompt that the session has just been given. */
async function nllOf(
  session: LeoSession,
  asked: Parameters<LeoSession['score']>[0],
): Promise<number> {
  const { logProbabilities } = await session.score(asked, 'completion');
  return -logProbabilities.reduce((sum, one) => sum + one, 0) / logProbabilities.length;
}

function anyOf(a: AbortSignal | undefined, b: AbortSignal): AbortSignal {
  return a === undefined ? b : AbortSignal.any([a, b]);
}
