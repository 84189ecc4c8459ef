// Ways to answer that are compared: a mode with the options that differ from the defaults,
// written as on a command line: `leoam`, `rag`, `leoam:repair=0`, `leoam:precision=q4`,
// `leoam:passages=8:heads=on`, `leoam:written=0.7`, `full:evidence-memory=256:evidence-share=0.5`.

import type { Precision } from '../../server/engine/addon.js';
import { evidenceKv, stepTiers, type TierOptions } from '../../server/engine/tierOptions.js';
import type { QuestionOptions } from '../../server/cli/common.js';
import { modes, type Mode } from '../../server/prompt/parts.js';
import type { PreambleKind } from '../../server/prompt/profile.js';
import { evidenceOrders, type SelectionOptions } from '../../server/retrieval/workingSet.js';

export interface Variant {
  /** As it was written. */
  name: string;
  options: QuestionOptions;
  /** How KV is stored; absent: as `leoam` does by default. */
  precision?: Precision;
  preamble?: PreambleKind;
  /** The share of a question that it is prepared for before it is asked. */
  written?: number;
  /** The evidence stays on disk and may take so much RAM, as `leoam ask --evidence-memory` has it. */
  tiers?: TierOptions;
  /** The same as arguments of `leoam ask`. */
  args: string[];
}

const choices: Record<string, readonly string[]> = {
  precision: ['f16', 'q8', 'q4'],
  preamble: ['chat', 'neutral'],
  order: [...evidenceOrders],
  heads: ['auto', 'on', 'off'],
};
const numbers = [
  ...['repair', 'passages', 'follow', 'written'],
  ...['evidence-memory', 'evidence-share', 'evidence-mass'],
];
const needs = [
  ['evidence-mass', 'evidence-share'],
  ['evidence-share', 'evidence-memory'],
] as const;
const mib = 2 ** 20;

/** Throws a sentence that names what is wrong. */
export function parseVariant(name: string): Variant {
  const [modeName, ...settings] = name.split(':');
  const mode = modes.find((known) => known === modeName);
  if (mode === undefined) {
    throw new Error(`"${name}" does not begin with a mode (${modes.join(', ')}).`);
  }
  const values = new Map(settings.map((setting) => parseSetting(name, setting)));
  for (const [key, needed] of needs) {
    if (values.has(key) && !values.has(needed)) {
      throw new Error(`"${name}" has ${key} without ${needed}.`);
    }
  }
  return {
    name,
    options: questionOptions(mode, values),
    args: ['--mode', mode, ...[...values].flatMap(([key, value]) => [`--${key}`, value])],
    ...(values.has('precision') ? { precision: values.get('precision') as Precision } : {}),
    ...(values.has('written') ? { written: Number(values.get('written')) } : {}),
    ...(values.has('evidence-memory') ? { tiers: tiersOf(values) } : {}),
    ...(values.has('preamble') ? { preamble: values.get('preamble') as PreambleKind } : {}),
  };
}

function tiersOf(values: ReadonlyMap<string, string>): TierOptions {
  const numberOf = (key: string): number => Number(values.get(key));
  return {
    ramBytes: numberOf('evidence-memory') * mib,
    kv: evidenceKv,
    ...stepTiers({
      ...(values.has('evidence-share') ? { share: numberOf('evidence-share') } : {}),
      ...(values.has('evidence-mass') ? { mass: numberOf('evidence-mass') } : {}),
    }),
  };
}

function parseSetting(name: string, setting: string): [string, string] {
  const [key = '', value = ''] = setting.split('=');
  const allowed = choices[key];
  const isNumber = numbers.includes(key) && value !== '' && Number(value) >= 0;
  if (!isNumber && allowed?.includes(value) !== true) {
    const known = [
      ...Object.entries(choices).map(([option, of]) => `${option}=${of.join('|')}`),
      ...numbers.map((option) => `${option}=NUMBER`),
    ];
    throw new Error(`"${setting}" in "${name}" is not one of ${known.join(', ')}.`);
  }
  return [key, value];
}

function questionOptions(mode: Mode, values: ReadonlyMap<string, string>): QuestionOptions {
  const selection: Partial<SelectionOptions> = {};
  const passages = values.get('passages');
  const follow = values.get('follow');
  const order = values.get('order');
  const heads = values.get('heads');
  const repair = values.get('repair');
  if (passages !== undefined) selection.passages = Number(passages);
  if (follow !== undefined) selection.follow = Number(follow);
  if (order !== undefined) selection.order = order as SelectionOptions['order'];
  if (heads !== undefined) selection.heads = heads as SelectionOptions['heads'];
  return { mode, selection, repair: repair === undefined ? 'auto' : Number(repair) };
}
