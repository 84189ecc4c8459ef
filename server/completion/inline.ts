// Inline completions of one folder: waits for the typing to pause, takes what an earlier
// suggestion left, else asks the model; while a suggestion is read, the one behind it is
// computed. The newest request wins: the one before is cancelled down to the decode loop.

import { setTimeout as sleep } from 'node:timers/promises';
import type { DropReason } from '../protocol/completion.js';
import { approximations } from './approximations.js';
import { Begun } from './begun.js';
import type { Completer, Completion } from './completer.js';
import { beginsNextLine, extentBehind, extentOf, type Extent } from './extent.js';
import { KeptSuggestions, type KeptSuggestion } from './kept.js';
import type { FilePlace, NamedPlace } from './knownPlaces.js';
import { Newest } from './newest.js';
import type { Place, Suggested } from './place.js';
import {
  cancelledRecord,
  computedRecord,
  droppedRecord,
  keptRecord,
  withCounters,
  withWaits,
  type Recorded,
  type Waits,
} from './record.js';
import { Rhythm } from './rhythm.js';
import { postProcess } from './steps/index.js';
import { Tally } from './tally.js';
import { writeFor, type WriteRequest } from './write.js';

export interface InlineRequest extends Place {
  uri: string;
  /** Relative to the folder, with forward slashes. */
  path: string;
  /** 1-based, of the cursor. */
  line: number;
  /** Somebody asked for it: nothing is waited for, and less sure suggestions are shown. */
  isExplicit: boolean;
  /** What is selected in the open list of suggestions; it replaces the text from `start` on. */
  selected?: { start: number; text: string };
}

export interface InlineSuggestion {
  text: string;
  /** Offsets in the document: what it replaces. */
  start: number;
  end: number;
}

export interface InlineOutcome {
  /** The likeliest first; several only where somebody saw one and asked again. */
  suggestions: InlineSuggestion[];
  record: Recorded;
}

/** Natural, mean over the tokens of a suggestion; see ARCHITECTURE.md, Filling in at a cursor. */
const leastLogProbability = -1.2;
const leastWhereAsked = -3;
/** Besides the likeliest one. */
const alternatives = 2;
/** Characters: no farther is the end of a suggestion from where it is shown, mostly. */
const nearby = 400;
const leoam = approximations('leoam');
const drawn = { temperature: 0.8, topP: 0.95 };

export class InlineCompletions {
  private readonly kept = new KeptSuggestions();
  private readonly begun = new Begun();
  private readonly rhythm = new Rhythm();
  private readonly work = new Newest();
  /** The document that suggestions were asked for last, and what was told meanwhile of others. */
  private uri: string | undefined;
  private changes = 0;
  /** Where the suggestion ahead of need stands that is being computed. */
  private ahead: { uri: string; path: string; before: string } | undefined;

  /** Since the request before, of all documents. */
  private readonly aheadOfNeed = { prepared: new Tally(), lookedAhead: new Tally() };

  constructor(
    private readonly completer: Pick<
      Completer,
      'complete' | 'outdated' | 'dispose' | 'defined' | 'wrote'
    >,
  ) {}

  /**
   * A document was changed in the editor. `place`: in its file, where it is a file's. Returns what takes
   * back that something was written there.
   */
  typed(uri: string, place?: FilePlace): () => void {
    this.changes += uri === this.uri ? 0 : 1;
    this.rhythm.typed(performance.now(), uri);
    this.kept.forgetOthers(uri);
    return place === undefined ? () => undefined : this.completer.wrote(place);
  }

  async complete(request: InlineRequest, signal: AbortSignal): Promise<InlineOutcome> {
    const own = new Tally();
    const { suggestions, record } = await this.outcome(request, signal, own);
    return { suggestions, record: withCounters(record, own, this.aheadOfNeed) };
  }

  /** `own`: what runs for this request. */
  private async outcome(
    request: InlineRequest,
    signal: AbortSignal,
    own: Tally,
  ): Promise<InlineOutcome> {
    const arrived = performance.now();
    this.uri = request.uri;
    const place = withSelected(request);
    // Who takes a suggestion before the next one is there waits for just that.
    const isTaken = this.isAhead(request.uri, around(place)[0]);
    const extent = isTaken ? extentBehind(place) : extentOf(place);
    if (extent === 'insideWord') {
      return { suggestions: [], record: droppedRecord('insideWord') };
    }
    const kept = this.kept.find(request.uri, ...around(place));
    if (kept !== undefined) {
      const others = request.isExplicit ? await this.others(request, place, kept, signal, own) : [];
      if (others === undefined) {
        return { suggestions: [], record: droppedRecord('cancelled') };
      }
      this.lookAhead(request, place, kept);
      const record = keptRecord(kept);
      const totalMs = performance.now() - arrived;
      return {
        suggestions: [kept, ...others].map((one) => suggestionOf(request, one)),
        record: { ...record, timings: { ...record.timings, ttftMs: totalMs, totalMs } },
      };
    }
    this.ahead = undefined;
    const waits: Waits = { waitMs: 0 };
    const computed = await this.work.run(signal, async (until) => {
      const begun = performance.now();
      waits.queuedMs = begun - arrived;
      await this.wait(request, place, until).finally(
        () => (waits.waitMs = performance.now() - begun),
      );
      return this.compute(request, place, extent, until, own);
    });
    const { fitted, record } = computed ?? { record: cancelledRecord(arrived, waits) };
    const timed = withWaits(record, waits);
    if (fitted === undefined) {
      return { suggestions: [], record: timed };
    }
    this.lookAhead(request, place, fitted);
    return { suggestions: [suggestionOf(request, fitted)], record: timed };
  }

  /** Computes what the cursor's surroundings need, so that the first key finds it. */
  async prepare(
    { path, text, offset }: Pick<InlineRequest, 'path' | 'text' | 'offset'>,
    definitions: NamedPlace[],
    signal: AbortSignal,
  ): Promise<void> {
    this.completer.defined({ path, text, offset }, definitions);
    const isLeft = this.ahead !== undefined && !isNear(this.ahead, path, offset);
    if (this.work.isBusy && !isLeft) {
      return; // with what the same cursor needs, or with what was asked for
    }
    this.ahead = isLeft ? undefined : this.ahead;
    await this.work.run(signal, async (until) => {
      const result = await this.completer.complete({
        ...{ path, text, offset, approximations: leoam, maxTokens: 1, stop: [], signal: until },
        requestClass: 'prepare',
      });
      this.aheadOfNeed.prepared.add(result);
    });
  }

  /** Files of the folder whose text is not what it was, relative to it. */
  outdated(paths: readonly string[]): void {
    this.changes++;
    this.completer.outdated(paths);
    this.kept.forget(paths);
  }

  /** Frees the session's memory until it is needed again. */
  async rest(): Promise<void> {
    this.ahead = undefined;
    await this.work.run(undefined, async () => this.completer.dispose());
  }

  async dispose(): Promise<void> {
    await this.work.close();
    this.completer.dispose();
  }

  private async wait(
    request: InlineRequest,
    { text, offset }: Place,
    signal: AbortSignal,
  ): Promise<void> {
    if (!request.isExplicit) {
      const ms = this.rhythm.waitMs(text[offset - 1] ?? '\n', performance.now());
      await sleep(ms, undefined, { signal });
    }
  }

  private async compute(
    request: InlineRequest,
    place: Place,
    extent: Extent,
    signal: AbortSignal,
    own: Tally,
  ): Promise<{ fitted?: Suggested; record: Recorded }> {
    const since = this.changes;
    const minMeanLogProbability = request.isExplicit ? leastWhereAsked : leastLogProbability;
    const result = await this.write(request, place, extent, { minMeanLogProbability, signal });
    own.add(result);
    const record = computedRecord(result);
    const fitted = fittedFrom(result, place);
    if (result.reason !== 'cancelled') {
      this.rhythm.computed(result.timings.totalMs);
    }
    if (typeof fitted === 'string') {
      return { record: { ...record, outcome: 'dropped', reason: fitted } };
    }
    this.keep(request.uri, place, fitted, result, since);
    return { fitted, record: { ...record, text: fitted.text } };
  }

  /**
   * What else might stand there; for who sees one suggestion and asks by a key. Undefined where
   * that was given up.
   */
  private others(
    request: InlineRequest,
    place: Place,
    first: KeptSuggestion,
    signal: AbortSignal,
    own: Tally,
  ): Promise<Suggested[] | undefined> {
    this.ahead = undefined; // this takes its turn
    return this.work.run(signal, async (until) => {
      const since = this.changes;
      const found = new Map<string, Suggested>();
      for (let seed = 1; seed <= alternatives && !until.aborted; seed++) {
        const result = await writeFor(
          this.completer,
          {
            ...placeIn(request.path, place),
            minMeanLogProbability: leastWhereAsked,
            sampling: { ...drawn, seed },
            signal: until,
          },
          place,
          beginsNextLine(first.text) ? extentBehind(place) : extentOf(place),
        );
        own.add(result);
        const fitted = fittedFrom(result, place);
        if (typeof fitted !== 'string' && fitted.text !== first.text) {
          found.set(fitted.text, fitted);
          this.keep(request.uri, place, fitted, result, since);
        }
      }
      this.kept.add(first); // is the one to be found first
      return [...found.values()];
    });
  }

  private isAhead(uri: string, before: string): boolean {
    return this.ahead?.uri === uri && this.ahead.before === before;
  }

  /** The suggestion behind this one, computed while this one is read. */
  private lookAhead(request: InlineRequest, place: Place, shown: Suggested): void {
    const before = place.text.slice(0, place.offset) + shown.text;
    const behind = place.text.slice(place.offset + shown.replaced);
    const next: Place = { ...place, text: before + behind, offset: before.length };
    const extent = extentBehind(next);
    const { uri, path } = request;
    if (
      extent === 'insideWord' ||
      this.isAhead(uri, before) ||
      this.kept.find(request.uri, before, behind) !== undefined
    ) {
      return;
    }
    const target = { uri, path, before };
    this.ahead = target;
    const giveUp = (): void => {
      if (this.ahead === target) {
        this.ahead = undefined; // it may be computed another time
      }
    };
    this.work
      .run(undefined, async (signal) => {
        const since = this.changes;
        const result = await this.write(request, next, extent, {
          ...{ minMeanLogProbability: leastLogProbability, requestClass: 'prepare', signal },
        });
        this.aheadOfNeed.lookedAhead.add(result);
        const fitted = fittedFrom(result, next);
        if (typeof fitted !== 'string') {
          this.keep(request.uri, next, fitted, result, since);
        } else if (fitted === 'cancelled') {
          giveUp(); // an answer began
        }
      })
      .catch(giveUp); // nobody waits for it
  }

  /** Decoding verifies what one that was cut short had written of it. */
  private async write(
    { uri, path }: InlineRequest,
    place: Place,
    extent: Extent,
    how: Pick<WriteRequest, 'minMeanLogProbability' | 'requestClass' | 'signal'>,
  ): Promise<Completion> {
    const guess = this.begun.guess(uri, place);
    const result = await writeFor(
      this.completer,
      { ...placeIn(path, place), ...how, ...(guess === undefined ? {} : { guess }) },
      place,
      extent,
    );
    this.begun.ended(uri, place, result);
    return result;
  }

  /** Not what rests on files as they were `since`. */
  private keep(
    uri: string,
    place: Place,
    fitted: Suggested,
    result: Completion,
    since: number,
  ): void {
    if (since !== this.changes) {
      return;
    }
    const [before, behind] = around(place);
    const { sources, meanLogProbability } = result;
    this.kept.add({
      ...{ uri, before, behind, ...fitted, sources },
      ...(meanLogProbability === undefined ? {} : { meanLogProbability }),
    });
  }
}

/** Whether a cursor is about where a suggestion ahead of need begins. */
function isNear(ahead: { path: string; before: string }, path: string, offset: number): boolean {
  return ahead.path === path && Math.abs(ahead.before.length - offset) <= nearby;
}

function placeIn(
  path: string,
  { text, offset }: Place,
): Pick<WriteRequest, 'path' | 'text' | 'offset' | 'approximations'> {
  return { path, text, offset, approximations: leoam };
}

/** What is suggested of what was written, or why nothing is. */
function fittedFrom(result: Completion, place: Place): Suggested | DropReason {
  return result.reason === 'cancelled' || result.reason === 'unlikely'
    ? result.reason
    : postProcess(result.completion, place);
}

/** The document as it is when what is selected in the list of suggestions has been taken. */
function withSelected({ text, offset, languageId, selected }: InlineRequest): Place {
  if (selected === undefined) {
    return { text, offset, languageId };
  }
  const before = text.slice(0, selected.start) + selected.text;
  return { text: before + text.slice(offset), offset: before.length, languageId };
}

function suggestionOf({ offset, selected }: InlineRequest, fitted: Suggested): InlineSuggestion {
  return {
    text: (selected?.text ?? '') + fitted.text,
    start: selected?.start ?? offset,
    end: offset + fitted.replaced,
  };
}

function around({ text, offset }: Place): [before: string, behind: string] {
  return [text.slice(0, offset), text.slice(offset)];
}
