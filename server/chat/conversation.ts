// A conversation about a repository: turns that only ever append to one session, so that
// nothing which the model has seen is computed again. When the window is full, it starts
// over with the last question's evidence.

import type { EngineError, GenerateRequest, GenerateResult, Sampling } from '../engine/addon.js';
import type { LeoSession } from '../engine/engine.js';
import { isEngineError } from '../engine/errors.js';
import type { Mode } from '../prompt/parts.js';
import type { AnswerScore, AskOptions, AskResult } from './asked.js';
import { askResult } from './askResult.js';
import { citedBy } from './citations.js';
import { Preparation } from './preparation.js';
import { retold, type Exchange } from './retold.js';
import {
  evidenceName,
  noTurns,
  prepareTurn,
  type AskContext,
  type EarlierTurns,
  type Turn,
  type TurnOptions,
} from './turn.js';

const defaultMaxTokens = 512;
/** Room for a second, slightly longer question about the same evidence. */
const slackTokens = 256;
/** Several passages may be damaged; each try finds one. */
const maxTries = 9;
const greedy: Sampling = { temperature: 0 };

/** What was done ahead for a question that is still being written. */
export interface Prepared {
  tokensComputed: number;
  tokensReused: number;
}

export class Conversation {
  private session: LeoSession | undefined;
  private sessionTokens = 0;
  /** That the conversation began with: they stay on disk where the context says so. */
  private evidenceTokens = 0;
  private earlier: EarlierTurns = noTurns;
  /** How things stood after each named turn. */
  private readonly after = new Map<string, EarlierTurns>();
  private warned: string | undefined;
  private readonly preparation = new Preparation();
  /** Files that changed while a turn is answered, which rests on how they were before. */
  private changedMeanwhile: Set<string> | undefined;

  /** `contextTokens`: window of the conversation; absent: what its first question needs, and no more. */
  constructor(
    private readonly context: AskContext,
    private readonly contextTokens?: number,
  ) {}

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

  private async readAhead(options: AskOptions, signal: AbortSignal): Promise<Prepared | undefined> {
    if (this.changedMeanwhile !== undefined) {
      return undefined; // a question is being answered
    }
    if (options.earlier !== undefined) {
      await this.goBackTo(options.earlier);
    }
    const maxTokens = options.maxTokens ?? defaultMaxTokens;
    const turn = await prepareTurn(this.context, { ...options, maxTokens }, this.earlier);
    if (this.session !== undefined && this.needed(turn, maxTokens) > this.sessionTokens) {
      return undefined; // the conversation starts over, which is for the question to do
    }
    signal.throwIfAborted();
    const { counters } = await this.sessionFor(turn, maxTokens, options.mode).generate(
      { ...this.promptOf(turn), maxTokens: 1, sampling: greedy, stop: [] },
      'prepare',
      signal,
    );
    return { tokensComputed: counters.tokensComputed, tokensReused: counters.tokensReused };
  }

  private async answer(options: AskOptions): Promise<AskResult> {
    const arrived = performance.now();
    await this.preparation.settle(nameOf(options));
    if (options.earlier !== undefined) {
      await this.goBackTo(options.earlier);
    }
    const { turn, result, submitted } = await this.generate(options);
    const sources = citedBy(this.earlier, turn, result.partMass);
    const told = this.earlier.question === undefined ? 0 : this.earlier.tokens;
    this.append(turn, result.tokens, options.turn);
    this.warnOnce(result.warning, options);

    return askResult(this.context, options.mode, {
      turn,
      result,
      sources,
      told,
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
    const result = await this.sessionFor(turn, options.maxTokens, options.mode).score(
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
    void this.preparation.settle();
    this.session?.dispose();
    this.session = undefined;
  }

  /** Puts the conversation to where the last of these turns ended. */
  private async goBackTo(turns: readonly Exchange[]): Promise<void> {
    const last = turns.at(-1);
    const known = last === undefined ? noTurns : this.after.get(last.turn);
    this.earlier = known ?? (await retold(this.context, turns));
  }

  /**
   * Selects and generates. A segment that turns out damaged or gone has left the store by
   * then: the second try computes its passage from text.
   */
  private async generate(
    options: AskOptions,
  ): Promise<{ turn: Turn; result: GenerateResult; submitted: number }> {
    const maxTokens = options.maxTokens ?? defaultMaxTokens;
    for (let tries = 1; ; tries++) {
      const turn = await this.prepare({ ...options, maxTokens });
      options.onSources?.(citedBy(this.earlier, turn, []));
      const session = this.sessionFor(turn, maxTokens, options.mode);
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
    const turn = await prepareTurn(this.context, options, this.earlier);
    if (this.session === undefined || this.needed(turn, options.maxTokens) <= this.sessionTokens) {
      return turn;
    }
    this.restart(); // the window is full: go on with fresh evidence for this question
    this.earlier = await retold(this.context, options.earlier ?? []);
    return prepareTurn(this.context, options, this.earlier);
  }

  private sessionFor(turn: Turn, maxTokens: number, mode: Mode): LeoSession {
    const needed = this.needed(turn, maxTokens);
    if (this.session === undefined || needed > this.sessionTokens) {
      this.session?.dispose();
      const { engine, tiers } = this.context;
      if (this.earlier.parts.length === 0) {
        this.evidenceTokens = turn.workingSetTokens;
      }
      this.sessionTokens = Math.max(needed + slackTokens, this.contextTokens ?? 0);
      this.session =
        mode === 'full' && tiers !== undefined
          ? engine.newSession(this.sessionTokens - this.evidenceTokens, tiers)
          : engine.newSession(this.sessionTokens);
    }
    return this.session;
  }

  private promptOf(turn: Turn): Pick<GenerateRequest, 'parts' | 'questionPart' | 'repair'> {
    return {
      parts: [...this.earlier.parts, ...turn.parts],
      questionPart: this.earlier.parts.length + turn.questionPart,
      repair: { share: turn.repairShare },
    };
  }

  private needed(turn: Turn, maxTokens: number): number {
    return (
      this.context.profile.preamble.length +
      this.earlier.tokens +
      turn.workingSetTokens +
      turn.questionTokens +
      maxTokens
    );
  }

  private append(turn: Turn, answer: Int32Array, name: string | undefined): void {
    const { length } = this.earlier.parts;
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

function isLostSegment(error: unknown): error is EngineError {
  return isEngineError(error) && (error.code === 'corruption' || error.code === 'not-found');
}
