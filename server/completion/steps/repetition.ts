// Small models get caught in loops: what they write is cut before it comes the second time.

import { isTelling } from './cursorLine.js';
import type { Step } from '../place.js';

export const repetition: Step = (suggested) => {
  const lines = suggested.text.split('\n');
  const end = secondTurn(lines);
  const kept = end === undefined ? lines : lines.slice(0, end);
  const last = kept.pop() ?? '';
  return { ...suggested, text: [...kept, last.slice(0, secondPhrase(last))].join('\n') };
};

/** Two short lines may well come twice, as a pair of calls does. */
const turnsOfShort = 3;
const turnsOfLong = 2;
const linesOfLong = 3;

/** The line with which the second turn of a loop begins. */
function secondTurn(lines: readonly string[]): number | undefined {
  for (let period = 1; period * 2 <= lines.length; period++) {
    let same = 0;
    for (let i = period; i < lines.length; i++) {
      same = lines[i]?.trimEnd() === lines[i - period]?.trimEnd() ? same + 1 : 0;
      const second = i - same + 1;
      const turn = lines.slice(second - period, second);
      const telling = turn.filter(isTelling).length;
      const turns = telling >= linesOfLong ? turnsOfLong : turnsOfShort;
      if (telling > 0 && same >= period * (turns - 1)) {
        return second;
      }
    }
  }
  return undefined;
}

const shortestPhrase = 6;
const phrases = 5;

/** Where a phrase that the line repeats up to its end begins the second time. */
function secondPhrase(line: string): number {
  for (let period = shortestPhrase; period * phrases <= line.length; period++) {
    let at = line.length;
    while (at > period && line[at - 1] === line[at - 1 - period]) {
      at--;
    }
    if (line.length - at >= period * (phrases - 1) && isTelling(line.slice(at - period, at))) {
      return at;
    }
  }
  return line.length;
}
