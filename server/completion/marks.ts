// The control tokens that a model was trained to fill in the middle with.

import type { NativeEngine } from '../engine/addon.js';
import { leoError } from '../engine/errors.js';

export interface FimMarks {
  prefix: Int32Array;
  suffix: Int32Array;
  middle: Int32Array;
}

/** Names of prefix, suffix and middle, by family of models. */
const families = [
  ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'], // qwen2.5-coder
  ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'], // starcoder and others
] as const;

type Engine = Pick<NativeEngine, 'specialToken'>;

/** Whether its model was trained with such tokens. */
export function canFillIn(engine: Engine): boolean {
  return marksOf(engine) !== undefined;
}

/** Throws "invalid-input" for a model that has no such tokens. */
export function fimMarks(engine: Engine): FimMarks {
  const marks = marksOf(engine);
  if (marks === undefined) {
    throw leoError(
      'invalid-input',
      'This model was not made to fill in the middle of code: choose one of the Qwen2.5-Coder models.',
    );
  }
  return marks;
}

function marksOf(engine: Engine): FimMarks | undefined {
  for (const names of families) {
    const [prefix, suffix, middle] = names.map((name) => engine.specialToken(name));
    if (prefix !== undefined && suffix !== undefined && middle !== undefined) {
      return {
        prefix: Int32Array.of(prefix),
        suffix: Int32Array.of(suffix),
        middle: Int32Array.of(middle),
      };
    }
  }
  return undefined;
}
