// A conversation about a repository: turns that only ever append to one session, so that
// nothing which the model has seen is computed again. When the window is full, it starts
// over with the last question's evidence.

import type { EngineError, GenerateRequest, GenerateResult, Sampling } from '../engine/addon.js';
import { isEngineError, LeoError } from '../engine/errors.js';
import type { AnswerScore, AskOptions, AskResult } from './asked.js';
import { askResult } from './askResult.js';
import { citedBy } from './citations.js';
import { HeldSession } from './heldSession.js';
import { Preparation } from './preparation.js';
import { retold, type Exchange } from './retold.js';
import {
  behindWholeRepository,
  evidenceName,
  noTurns,
  prepareTurn,
  type AskContext,
  type EarlierTurns,
  type Turn,
  type TurnOptions,
} from './turn.js';
import { missingReader } from './wholeRepository.js';

const defaultMaxTokens = 512;
/** Several passages may be damaged; each try finds one. */
const maxTries = 9;
const greedy: Sampling = { temperature: 0 };

/** What was done ahead for a question that is still being written. */
export interface Prepared {
  tokensComputed: number;
  tokensReused: number;
}

/** A question with what has missing files read for it. */
type Asked = AskOptions & Pick<TurnOptions, 'readMissing'>;

export class Conversation {
  private readonly session: HeldSession;
  private earlier: EarlierTurns = noTurns;
  /** How things stood after each named turn. */
  private readonly after = new Map<string, EarlierTurns>();
  private warned: string | undefined;
  private readonly preparation = new Preparation();
  /** Files that changed while a turn is answered, which rests on how they were before. */
  private changedMeanwhile: Set<string> | undefined;
  private readonly closing = new AbortController();

  /** `contextTokens`: window of the conversation; absent: what its first question needs, and no more. */
  constructor(
    private readonly context: AskContext,
    contextTokens?: number,
  ) {
    this.session = new HeldSession(context, contextTokens);
  }

  /** Answers a question and appends both to the conversation. One at a time. */
  async ask(options: AskOptions): Promise<AskResult> {
    const changed = new Set<string>();
    this.changedMeanwhile = changed;
    try {
      return await this.answer(options);
    } finally {
      this.changedMeanwhile = undefined;
      this.forgetOutdated([...changed]);
    }
  }

  /**
   * Selects and computes what a question needs that is still being written, at low urgency: asked
   * then, it finds in the session what both have in common. Undefined where that is not possible now,
   * or when another question, or `signal`, ended it.
   */
  prepareFor(options: AskOptions): Promise<Prepared | undefined> {
    return this.preparation.run(
      nameOf(options),
      (signal) => this.readAhead(options, signal),
      options.signal,
    );
  }

  /** Ends what `prepareFor` has begun, and waits for its end. */
  endPreparing(): Promise<void> {
    return this.preparation.settle();
  }

  private async readAhead(options: AskOptions, signal: AbortSignal): Promise<Prepared | undefined> {
    if (this.changedMeanwhile !== undefined) {
      return undefined; // a question is being answered
    }
    if (options.earlier !== undefined) {
      await this.goBackTo(options.earlier, options);
    }
    const turnOptions = { ...options, maxTokens: options.maxTokens ?? defaultMaxTokens };
    const turn = await this.turnAfterEarlier(turnOptions);
    if (turn === undefined) {
      return undefined; // the conversation starts over, which is for the question to do
    }
    signal.throwIfAborted();
    const { counters } = await this.session
      .for(this.earlier, turn, turnOptions)
      .generate(
        { ...this.promptOf(turn), maxTokens: 1, sampling: greedy, stop: [] },
        'prepare',
        signal,
      );
    return { tokensComputed: counters.tokensComputed, tokensReused: counters.tokensReused };
  }

  private async answer(asked: AskOptions): Promise<AskResult> {
    const arrived = performance.now();
    let read = 0;
    const options = this.withReader(asked, (tokens) => (read += tokens));
    await this.preparation.settle(nameOf(options));
    if (options.earlier !== undefined) {
      await this.goBackTo(options.earlier, options);
    }
    const { turn, result, submitted } = await this.generate(options);
    const sources = citedBy(this.earlier, turn, result.partMass);
    const { question, tokens, whole } = this.earlier;
    const told = question === undefined ? 0 : tokens - (whole?.tokens ?? 0);
    this.append(turn, result.tokens, options.turn);
    this.warnOnce(result.warning, options);

    return askResult(this.context, options.mode, {
      turn,
      result,
      sources,
      told,
      read,
      arrived,
      submitted,
    });
  }

  /** How likely an answer is after a question, in nats a token. Appends nothing. */
  async score(
    options: TurnOptions & { signal?: AbortSignal },
    answer: string,
  ): Promise<AnswerScore> {
    const { engine } = this.context;
    const [target] = await engine.tokenize([answer]);
    const turn = await this.prepare(options);
    const result = await this.session.for(this.earlier, turn, options).score(
      {
        ...this.promptOf(turn),
        target: target ?? new Int32Array(),
      },
      'chat',
      options.signal,
    );
    const values = Array.from(result.logProbabilities);
    return {
      nll: -values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
      matched: result.argmax.every((hit) => hit === 1),
    };
  }

  /** Forgets all turns; the session's content is still reused where a new prompt begins alike. */
  restart(): void {
    this.earlier = noTurns;
    this.after.clear();
  }

  /**
   * To be called after files were changed, moved or removed: starts over when the session
   * holds text of one of them, which is wrong from then on; during an answer, when that has
   * ended. Returns that file.
   */
  forgetOutdated(paths: readonly string[]): string | undefined {
    if (this.changedMeanwhile !== undefined) {
      paths.forEach((path) => this.changedMeanwhile?.add(path));
      return undefined;
    }
    const outdatedOf = (turns: EarlierTurns): string | undefined =>
      paths.find((path) => turns.paths.has(path));
    for (const [name, turns] of this.after) {
      if (outdatedOf(turns) !== undefined) {
        this.after.delete(name);
      }
    }
    const outdated = outdatedOf(this.earlier);
    if (outdated !== undefined) {
      this.restart();
    }
    return outdated;
  }

  dispose(): void {
    this.closing.abort();
    void this.preparation.settle();
    this.session.dispose();
  }

  private withReader(options: AskOptions, onRead: (tokens: number) => void): Asked {
    const { onReading: onProgress, signal } = options;
    const until = [this.closing.signal, ...(signal === undefined ? [] : [signal])];
    const onWarning = (warning: string): void => this.warnOnce(warning, options);
    return onProgress === undefined
      ? options
      : {
          ...options,
          readMissing: missingReader(this.context, {
            ...{ onProgress, onWarning, onRead, signal: AbortSignal.any(until) },
          }),
        };
  }

  /** Puts the conversation to where the last of these turns ended. */
  private async goBackTo(turns: readonly Exchange[], next: Asked): Promise<void> {
    const last = turns.at(-1);
    const known = last === undefined ? noTurns : this.after.get(last.turn);
    this.earlier = known ?? (await this.told(turns, next));
  }

  /** Turns of which the session holds nothing, as text before what is asked next. */
  private async told(turns: readonly Exchange[], next: Asked): Promise<EarlierTurns> {
    const told = await retold(this.context, turns);
    return next.mode === 'full' && told.parts.length > 0
      ? behindWholeRepository(
          this.context,
          { ...next, maxTokens: next.maxTokens ?? defaultMaxTokens },
          told,
        )
      : told;
  }

  /**
   * Selects and generates. A segment that turns out damaged or gone has left the store by
   * then: the second try computes its passage from text, or has its file read again where a whole
   * repository stays on disk.
   */
  private async generate(
    options: Asked,
  ): Promise<{ turn: Turn; result: GenerateResult; submitted: number }> {
    const maxTokens = options.maxTokens ?? defaultMaxTokens;
    for (let tries = 1; ; tries++) {
      const turn = await this.prepare({ ...options, maxTokens });
      options.onSources?.(citedBy(this.earlier, turn, []));
      if (turn.warning !== undefined && tries === 1) {
        options.onWarning?.(turn.warning);
      }
      this.closing.signal.throwIfAborted();
      const session = this.session.for(this.earlier, turn, { maxTokens, mode: options.mode });
      const submitted = performance.now();
      try {
        const result = await session.generate(
          {
            ...this.promptOf(turn),
            maxTokens,
            sampling: options.sampling ?? greedy,
            stop: [],
            ...(options.onText === undefined ? {} : { onText: options.onText }),
          },
          options.requestClass ?? 'chat',
          options.signal,
        );
        return { turn, result, submitted };
      } catch (error) {
        if (tries === maxTries || !isLostSegment(error)) {
          throw error;
        }
        options.onWarning?.(`${error.message} It is computed again.`);
        if (this.earlier.whole !== undefined) {
          await this.startOver({ ...options, maxTokens }); // what earlier turns chose names the lost segment
        }
      }
    }
  }

  /** A full disk stays full: once is enough. */
  private warnOnce(warning: string | undefined, { onWarning }: AskOptions): void {
    if (warning !== undefined && warning !== this.warned) {
      onWarning?.(warning);
    }
    this.warned = warning;
  }

  private async prepare(options: TurnOptions & Pick<AskOptions, 'earlier'>): Promise<Turn> {
    const turn = await this.turnAfterEarlier(options);
    if (turn !== undefined) {
      return turn;
    }
    await this.startOver(options); // the window is full
    return prepareTurn(this.context, options, this.earlier);
  }

  /** Goes on with fresh evidence for this question, behind the words of the turns before it. */
  private async startOver(options: TurnOptions & Pick<AskOptions, 'earlier'>): Promise<void> {
    this.restart();
    this.earlier = await this.told(options.earlier ?? [], options);
  }

  /** Undefined where there is no room for the turn behind the earlier ones. */
  private async turnAfterEarlier(options: TurnOptions): Promise<Turn | undefined> {
    try {
      const turn = await prepareTurn(this.context, options, this.earlier);
      return this.session.hasRoom(this.earlier, turn, options) ? turn : undefined;
    } catch (error) {
      if (this.earlier.parts.length > 0 && isTooLong(error)) {
        return undefined;
      }
      throw error;
    }
  }

  private promptOf(turn: Turn): Pick<GenerateRequest, 'parts' | 'questionPart' | 'repair'> {
    return {
      parts: [...this.earlier.parts, ...turn.parts],
      questionPart: this.earlier.parts.length + turn.questionPart,
      repair: { share: turn.repairShare },
    };
  }

  private append(turn: Turn, answer: Int32Array, name: string | undefined): void {
    const { length } = this.earlier.parts;
    const whole = turn.whole ?? this.earlier.whole;
    const evidence = new Map(this.earlier.evidence);
    turn.sources.forEach((source, index) => {
      const parts = turn.sourceOf.flatMap((of, part) => (of === index ? [length + part] : []));
      evidence.set(evidenceName(source), parts);
    });
    this.earlier = {
      parts: [...this.earlier.parts, ...turn.parts, { kind: 'text', tokens: answer }],
      tokens: this.earlier.tokens + turn.workingSetTokens + turn.questionTokens + answer.length,
      evidence,
      paths: new Set([...this.earlier.paths, ...turn.sources.map(({ path }) => path)]),
      ...(whole === undefined ? {} : { whole }),
    };
    if (name !== undefined) {
      this.after.set(name, this.earlier);
    }
  }
}

/** Questions of the same name need the same. */
function nameOf({ question, quotes, selection, earlier, answerStart }: AskOptions): string {
  const turns = earlier?.map(({ turn }) => turn);
  return JSON.stringify([question, quotes, selection, turns, answerStart]);
}

function isTooLong(error: unknown): boolean {
  return error instanceof LeoError && error.code === 'question-too-long';
}

function isLostSegment(error: unknown): error is EngineError {
  return isEngineError(error) && (error.code === 'corruption' || error.code === 'not-found');
}
