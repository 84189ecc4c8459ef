// Has a model write as far as the place asks for: a line, a block, or a statement that goes on
// behind its first line.

import { isCancelled } from '../engine/errors.js';
import { readerFor, type Reader } from '../index/grammars.js';
import type { Completer, Completion, CompletionRequest } from './completer.js';
import { beginsNextLine, endWithin, isComplete, type Extent } from './extent.js';
import { pathOfLanguage } from './languageId.js';
import type { Place } from './place.js';
import { isBlank, cursorLine } from './steps/cursorLine.js';
import { lex } from './steps/lexer.js';
import { isWholeStatement } from './syntax.js';

/** How far it goes follows from the place. */
export type WriteRequest = Omit<CompletionRequest, 'maxTokens' | 'stop' | 'isComplete'> & {
  /** Absent: as many as the extent is worth. */
  maxTokens?: number;
};

const lineTokens = 48;
const blockTokens = 128;
/** Lines of a statement. */
const mostLines = 8;

export async function writeFor(
  completer: Pick<Completer, 'complete'>,
  request: WriteRequest,
  place: Place,
  extent: Extent,
): Promise<Completion> {
  if (extent === 'block') {
    return completer.complete({
      ...request,
      maxTokens: request.maxTokens ?? blockTokens,
      stop: [],
      isComplete: (written) => isComplete(written, place, extent),
    });
  }
  const line = await completer.complete({
    ...request,
    maxTokens: request.maxTokens ?? lineTokens,
    ...(extent === 'nextLine'
      ? { stop: [], isComplete: (written: string) => isComplete(written, place, extent) }
      : { stop: ['\n'] }),
  });
  if (extent === 'nextLine') {
    line.completion = line.completion.slice(0, endWithin(line.completion, place, extent));
  }
  const isNext = beginsNextLine(line.completion);
  return line.reason === 'stop' && !isNext && isBlank(cursorLine(place).behind)
    ? wholeStatement(completer, request, place, line)
    : line;
}

/** The line alone where the statement has no end within a few lines. */
async function wholeStatement(
  completer: Pick<Completer, 'complete'>,
  request: WriteRequest,
  place: Place,
  line: Completion,
): Promise<Completion> {
  const reader =
    (await readerFor(request.path)) ?? (await readerFor(pathOfLanguage(place.languageId)));
  if (reader === undefined || !goesOn(line.completion, place, reader)) {
    return line;
  }
  const isGivenUp = (): boolean => request.signal?.aborted === true;
  let checked = 0;
  let whole: string | undefined;
  const both = completer.complete({
    ...request,
    maxTokens: request.maxTokens ?? blockTokens,
    stop: [],
    guess: line.completion, // its first line, most likely
    isComplete: (written) => {
      const end = written.lastIndexOf('\n') + 1;
      if (end !== checked) {
        checked = end;
        const lines = written.slice(0, end);
        whole = isWholeStatement(lines, place, reader) === true ? lines : undefined;
      }
      return whole !== undefined || written.split('\n').length > mostLines;
    },
  });
  let statement: Completion;
  try {
    statement = await both;
  } catch (error) {
    if (isGivenUp()) {
      return { ...line, reason: 'cancelled' }; // what the line took counts
    }
    if (isCancelled(error)) {
      return line;
    }
    throw error;
  }
  if (
    statement.reason === 'end' &&
    isWholeStatement(statement.completion, place, reader) === true
  ) {
    whole = statement.completion; // what follows begins with the line's end
  }
  const cost = costOfBoth(line, statement);
  if (statement.reason === 'cancelled' && isGivenUp()) {
    return { ...statement, ...cost };
  }
  // Ended for what is more urgent, the line is whole all the same.
  return whole === undefined || statement.reason === 'unlikely' || statement.reason === 'cancelled'
    ? { ...line, ...cost }
    : { ...statement, ...cost, completion: whole };
}

/** Of an open bracket the grammar often knows only that it does not understand the document. */
function goesOn(line: string, place: Place, reader: Reader): boolean {
  return (
    lex(line, place.languageId).opened.length > 0 || isWholeStatement(line, place, reader) === false
  );
}

function costOfBoth(
  line: Completion,
  statement: Completion,
): Pick<Completion, 'counters' | 'timings'> {
  const { counters, timings } = statement;
  return {
    counters: {
      ...line.counters,
      tokensComputed: line.counters.tokensComputed + counters.tokensComputed,
      tokensReused: line.counters.tokensReused + counters.tokensReused,
      tokensMoved: line.counters.tokensMoved + counters.tokensMoved,
      tokensDecoded: line.counters.tokensDecoded + counters.tokensDecoded,
      tokensDrafted: line.counters.tokensDrafted + counters.tokensDrafted,
      tokensAccepted: line.counters.tokensAccepted + counters.tokensAccepted,
      bytesFromDisk: line.counters.bytesFromDisk + counters.bytesFromDisk,
    },
    timings: {
      ...line.timings,
      queuedMs: line.timings.queuedMs + timings.queuedMs,
      totalMs: line.timings.totalMs + timings.totalMs,
    },
  };
}
