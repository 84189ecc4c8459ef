// Has a model write as far as the place asks for: a line, a block, or a statement that goes on
// behind its first line.

import { readerFor } from '../index/grammars.js';
import { approximations } from './approximations.js';
import type { Completer, Completion, CompletionRequest } from './completer.js';
import { isComplete, type Extent } from './extent.js';
import type { Place } from './place.js';
import { isBlank, cursorLine } from './steps/cursorLine.js';
import { isWholeStatement } from './syntax.js';

/** The rest follows from where. */
export type Asked = Omit<
  CompletionRequest,
  'approximations' | 'maxTokens' | 'stop' | 'isComplete' | 'guess'
>;

const lineTokens = 48;
const blockTokens = 128;
/** Lines of a statement. */
const mostLines = 8;

export async function writeFor(
  completer: Completer,
  asked: Asked,
  place: Place,
  extent: Extent,
): Promise<Completion> {
  if (extent === 'block') {
    return completer.complete({
      ...asked,
      approximations: approximations('leoam'),
      maxTokens: blockTokens,
      stop: [],
      isComplete: (written) => isComplete(written, place, extent),
    });
  }
  const line = await completer.complete({
    ...asked,
    approximations: approximations('leoam'),
    maxTokens: lineTokens,
    stop: ['\n'],
  });
  return line.reason === 'stop' && isBlank(cursorLine(place).behind)
    ? wholeStatement(completer, asked, place, line)
    : line;
}

/** The line alone where the statement has no end within a few lines. */
async function wholeStatement(
  completer: Completer,
  asked: Asked,
  place: Place,
  line: Completion,
): Promise<Completion> {
  const reader = await readerFor(asked.path);
  if (reader === undefined || isWholeStatement(line.completion, place, reader) !== false) {
    return line;
  }
  let checked = 0;
  let isWhole = false;
  const statement = await completer.complete({
    ...asked,
    approximations: approximations('leoam'),
    maxTokens: blockTokens,
    stop: [],
    // Its first line is what was just written: verified as one guess.
    guess: line.completion,
    isComplete: (written) => {
      const end = written.lastIndexOf('\n') + 1;
      if (end !== checked) {
        checked = end;
        isWhole = isWholeStatement(written.slice(0, end), place, reader) === true;
      }
      return isWhole || written.split('\n').length > mostLines;
    },
  });
  return isWhole ? withBoth(line, statement) : line;
}

/** The statement, with what both passes took. */
function withBoth(line: Completion, statement: Completion): Completion {
  const { counters, timings } = statement;
  return {
    ...statement,
    counters: {
      ...line.counters,
      tokensComputed: line.counters.tokensComputed + counters.tokensComputed,
      tokensDecoded: line.counters.tokensDecoded + counters.tokensDecoded,
      tokensDrafted: line.counters.tokensDrafted + counters.tokensDrafted,
      tokensAccepted: line.counters.tokensAccepted + counters.tokensAccepted,
    },
    timings: {
      ...line.timings,
      totalMs: line.timings.totalMs + timings.totalMs,
    },
  };
}
