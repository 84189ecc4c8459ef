// Reads a repository into the store while questions are asked. The engine gives way to
// questions by itself; here is what to read next, when to go on after an edit and when to
// stop: a full store or disk is no place for what nobody has asked for yet. What an edit left
// to chunks that were read under the older text is read again exactly, last of all.

import { budgetUsedUp, indexRepository, type IndexProgress, type SegmentReader } from './jobs.js';
import type { RepositoryIndex } from './types.js';

/** How far the reading has come. */
export interface ReadingState {
  /** True once nothing is left to read, or reading has stopped. */
  finished: boolean;
  /** Of the repository's tokens, 0..1. */
  share: number;
  /** Undefined while no speed is known, and at the end. */
  secondsLeft: number | undefined;
  filesDone: number;
  filesTotal: number;
  /** Why reading has stopped before its end. */
  stopped: StoppedReading | undefined;
}

/** `budget`: the store may not grow; `failure`: `sentence` says what happened. */
export interface StoppedReading {
  cause: 'budget' | 'failure';
  sentence: string;
}

export interface BackgroundReading {
  state(): ReadingState;
  /** To be called after the repository was refreshed: what is new is read as well. */
  refreshed(): void;
  /** Ends the reading and waits for the engine to be free of it. What was read is kept. */
  stop(): Promise<void>;
}

export interface BackgroundOptions {
  index: RepositoryIndex;
  engine: SegmentReader;
  /** Files that are to be read; default: all. */
  isWanted?: (path: string) => boolean;
  /** Called when the state has changed. */
  onChange?: () => void;
  /** Hears one sentence when reading ends: what was read, or why the rest was not. */
  onNote?: (note: string) => void;
}

/** Starts reading what the store lacks, in order of use. */
export function readInBackground(options: BackgroundOptions): BackgroundReading {
  return new Reading(options);
}

class Reading implements BackgroundReading {
  private current: ReadingState = {
    finished: false,
    share: 0,
    secondsLeft: undefined,
    filesDone: 0,
    filesTotal: 0,
    stopped: undefined,
  };
  private again = false;
  private readonly stopping = new AbortController();
  /** Ends an exact pass early: something new is to be read first. */
  private giveWay = new AbortController();
  private running: Promise<void>;

  constructor(private readonly options: BackgroundOptions) {
    // Not at once: whoever is told of a change may ask this reading for its state.
    this.running = Promise.resolve().then(() => this.run());
  }

  state(): ReadingState {
    return this.current;
  }

  refreshed(): void {
    this.again = true;
    this.giveWay.abort();
    if (
      this.current.finished &&
      this.current.stopped === undefined &&
      !this.stopping.signal.aborted
    ) {
      this.change({ finished: false, secondsLeft: undefined });
      this.running = this.run();
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let segments = 0;
    let tokens = 0;
    try {
      do {
        this.again = false;
        this.giveWay = new AbortController();
        for (const exact of [false, true]) {
          const read = await this.readOnce(exact);
          segments += read.segmentsRead;
          tokens += read.tokensComputed;
          if (this.current.stopped !== undefined) {
            break;
          }
        }
      } while (this.again && !this.stopping.signal.aborted);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.stopFor('failure', `Reading the folder stopped: ${message}`);
    }
    this.change({ finished: true, secondsLeft: undefined });
    if (segments > 0 && !this.stopping.signal.aborted) {
      this.options.onNote?.(`The folder is read: ${tokens.toLocaleString('en')} tokens computed.`);
    }
  }

  private async readOnce(
    exact: boolean,
  ): Promise<{ segmentsRead: number; tokensComputed: number }> {
    const { index, engine, isWanted } = this.options;
    const result = await indexRepository({
      ...{ index, engine, exact },
      ...(isWanted === undefined ? {} : { isWanted }),
      signal: exact
        ? AbortSignal.any([this.stopping.signal, this.giveWay.signal])
        : this.stopping.signal,
      onProgress: (progress) => {
        const { filesDone, filesTotal, secondsLeft, warnings } = progress;
        if (warnings.length > 0) {
          this.stopping.abort();
        }
        this.change({
          finished: false,
          share: shareOf(progress, index),
          secondsLeft,
          filesDone,
          filesTotal,
        });
      },
    });
    const [warning] = result.warnings;
    if (warning !== undefined || result.outOfBudget) {
      this.again = false;
      this.stopFor(
        warning === undefined ? 'budget' : 'failure',
        `${warning ?? budgetUsedUp} The rest of the folder is read when a question needs it.`,
      );
    }
    return result;
  }

  /** A full store or disk is no place for more: nothing is read ahead from here on. */
  private stopFor(cause: StoppedReading['cause'], sentence: string): void {
    this.stopping.abort();
    this.change({ stopped: { cause, sentence } });
    this.options.onNote?.(sentence);
  }

  private change(state: Partial<ReadingState>): void {
    this.current = { ...this.current, ...state };
    this.options.onChange?.();
  }
}

function shareOf({ tokensDone, tokensTotal }: IndexProgress, index: RepositoryIndex): number {
  const left = tokensTotal - tokensDone;
  return index.totalTokens > 0 ? Math.max(0, 1 - left / index.totalTokens) : 1;
}
