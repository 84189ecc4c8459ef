// From what a model wrote to what is suggested: small steps, each of which looks at one thing.

import type { DropReason } from '../../protocol/completion.js';
import type { Place, Step, Suggested } from '../place.js';
import { blockEnd } from './blockEnd.js';
import { closers } from './closers.js';
import { doubledIndentation } from './doubledIndentation.js';
import { documentLineEnds, plainLineEnds } from './lineEnds.js';
import { repeatedBefore } from './repeatedBefore.js';
import { repeatedBehind } from './repeatedBehind.js';
import { repetition } from './repetition.js';
import { restOfLine } from './restOfLine.js';
import { specialTokens } from './specialTokens.js';
import { trailingSpace } from './trailingSpace.js';

/** In their order: first what is no code, then where it ends, then how it fits what is there. */
export const steps: readonly Step[] = [
  specialTokens,
  plainLineEnds,
  doubledIndentation,
  repetition,
  blockEnd,
  repeatedBefore,
  repeatedBehind,
  trailingSpace,
  restOfLine,
  closers,
  documentLineEnds,
];

export function postProcess(raw: string, place: Place): Suggested | DropReason {
  let suggested: Suggested = { text: raw, replaced: 0 };
  for (const step of steps) {
    const next = step(suggested, place);
    if (typeof next === 'string') {
      return next;
    }
    suggested = next;
  }
  return suggested;
}
