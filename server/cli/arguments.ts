// The command line as data: which commands there are, which options each takes, and what
// they mean. Wrong use is one sentence and exit code 2.

import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The caller's mistake in the command line; ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const commands = ['index', 'ask', 'complete', 'eval', 'models', 'cache', 'doctor'] as const;
export type Command = (typeof commands)[number];

interface OptionSpec {
  /** Word for the value in the help; absent for switches. */
  value?: string;
  help: string;
  /** Commands that take it; absent: all. */
  in?: readonly Command[];
}

const asking = ['ask', 'eval'] as const;
const answering = [...asking, 'complete'] as const;
const reading = ['index', ...answering] as const;

const optionSpecs = {
  json: { help: 'print exactly one JSON object on standard output' },
  home: { value: 'DIR', help: 'where models and stored KV lie (also: LEOAM_HOME)' },
  model: { value: 'ID|PATH', help: 'model of the catalogue, or a GGUF file' },
  threads: { value: 'N', help: 'threads of the engine; default: physical cores', in: reading },
  repo: {
    value: 'DIR',
    help: 'the repository; default: the current folder, of cache show: all that is stored',
    in: [...reading, 'cache'],
  },
  precision: {
    value: 'f16|q8|q4',
    help: 'how KV is stored; default q8',
    in: [...reading, 'cache'],
  },
  kv: {
    value: 'f16|q8',
    help: 'how KV is held in memory; q8 takes half; default f16, with --evidence-memory q8 for that',
    in: answering,
  },
  'evidence-memory': {
    value: 'MIB',
    help: 'memory for a whole repository in mode full, the rest is read from disk; default: no limit',
    in: asking,
  },
  'evidence-page-cache': {
    value: 'HOW',
    help: 'keep|pass: whether the system, too, keeps what is read of it, where it can do without; default keep',
    in: asking,
  },
  'device-memory': {
    value: 'MIB',
    help: 'of a GPU, for what --evidence-memory has no room for; default: none',
    in: asking,
  },
  device: {
    value: 'NAME',
    help: 'which one, as leoam doctor names it; default: the first',
    in: asking,
  },
  'evidence-share': {
    value: 'SHARE',
    help: 'of it that each step of an answer attends to at most, 0.01 to 1; default: all',
    in: asking,
  },
  'evidence-mass': {
    value: 'MASS',
    help: 'of the estimated attention that is enough for such a step, 0.01 to 1; default 0.985 or, where memory is short of fine abstracts, 0.995, with a draft 0.95',
    in: asking,
  },
  'evidence-high-plane': {
    value: 'WHEN',
    help: 'never|auto|always: such steps read the high plane alone, 4 of 8 stored bits; default auto',
    in: asking,
  },
  'evidence-draft': {
    value: 'N',
    help: 'steps with that share only guess N tokens ahead, and all of it verifies them',
    in: asking,
  },
  'store-budget': {
    value: 'GIB',
    help: 'disk space for stored KV; default: no limit',
    in: reading,
  },
  preamble: {
    value: 'chat|neutral',
    help: 'what every file is read after; default chat',
    in: reading,
  },
  exact: { help: 'read again exactly what edits left marked', in: ['index'] },
  mode: {
    value: 'MODE',
    help: 'where the evidence comes from: leoam|rag|full|none, of complete leoam|rag|file|exact; default leoam',
    in: answering,
  },
  offset: { value: 'BYTES', help: 'where the cursor is in the file', in: ['complete'] },
  batch: { value: 'FILE.jsonl', help: 'fill in a file of holes and count', in: ['complete'] },
  lines: {
    value: 'one|many',
    help: 'where a completion ends; default by the place',
    in: ['complete'],
  },
  stale: {
    value: 'N',
    help: 'of each hole N characters before it are typed first; default 0',
    in: ['complete'],
  },
  'max-tokens': {
    value: 'N',
    help: 'length at most; default 512, of complete 64',
    in: ['ask', 'complete'],
  },
  passages: { value: 'N', help: 'passages by rank; default 5', in: asking },
  follow: { value: 'N', help: 'definitions added at most; default 3', in: asking },
  order: {
    value: 'best-last|best-first|path',
    help: 'order of the evidence in the prompt; default best-last',
    in: asking,
  },
  heads: {
    value: 'auto|on|off',
    help: 'join the retrieval heads in ranking; default auto',
    in: asking,
  },
  repair: {
    value: 'auto|SHARE',
    help: 'share of stored tokens to recompute; default auto',
    in: asking,
  },
  temperature: { value: 'T', help: 'randomness of the answer; default 0', in: ['ask'] },
  seed: { value: 'N', help: 'seed of the randomness; default 0', in: ['ask'] },
  index: { help: 'read the whole repository first', in: ['ask'] },
  limit: { value: 'N', help: 'only the first N questions or holes', in: ['eval', 'complete'] },
  help: { help: 'print this' },
  version: { help: 'print the version' },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof optionSpecs;

export interface CommandLine {
  command: Command;
  positionals: string[];
  values: Partial<Record<OptionName, string | true>>;
}

export type Parsed = CommandLine | { command: 'help' | 'version' };

/** Reads arguments (without node and script). Throws UsageError. */
export function parseCommandLine(args: readonly string[]): Parsed {
  const { values, positionals } = parseLoosely(args);
  if (values.version === true) {
    return { command: 'version' };
  }
  const [name, ...rest] = positionals;
  if (values.help === true || name === 'help' || name === undefined) {
    if (name === undefined && values.help !== true) {
      throw new UsageError(`Which command? One of: ${commands.join(', ')}.`);
    }
    return { command: 'help' };
  }
  const command = commands.find((known) => known === name);
  if (command === undefined) {
    throw new UsageError(`There is no command "${name}". There are: ${commands.join(', ')}.`);
  }
  for (const option of Object.keys(values) as OptionName[]) {
    const spec: OptionSpec = optionSpecs[option];
    if (spec.in !== undefined && !spec.in.includes(command)) {
      throw new UsageError(`"leoam ${command}" has no option --${option}.`);
    }
  }
  return { command, positionals: rest, values };
}

/** The text of `leoam help`. */
export function helpText(): string {
  const options = Object.entries(optionSpecs).map(([name, spec]: [string, OptionSpec]) => {
    const left = `  --${name}${spec.value === undefined ? '' : ` ${spec.value}`}`;
    const where = spec.in === undefined ? '' : ` (${spec.in.join(', ')})`;
    return `${left.padEnd(30)} ${spec.help}${where}`;
  });
  return [
    'leoam index                    read a repository into the store',
    'leoam ask ["QUESTION"]         answer a question; without one, open a prompt',
    'leoam complete FILE            fill in at a cursor (--offset), or the holes of --batch',
    'leoam eval FILE.jsonl          answer a file of questions and count what is right',
    'leoam models [list|fetch|verify|remove|profile] [ID]',
    'leoam cache [show|verify|clear]',
    'leoam doctor                   what is installed and what would be chosen',
    '',
    ...options,
  ].join('\n');
}

export function stringOption(line: CommandLine, name: OptionName): string | undefined {
  const value = line.values[name];
  return typeof value === 'string' ? value : undefined;
}

export function flag(line: CommandLine, name: OptionName): boolean {
  return line.values[name] === true;
}

export function choiceOption<T extends string>(
  line: CommandLine,
  name: OptionName,
  choices: readonly T[],
): T | undefined {
  const value = stringOption(line, name);
  if (value === undefined) {
    return undefined;
  }
  const choice = choices.find((known) => known === value);
  if (choice === undefined) {
    throw new UsageError(`--${name} is one of ${choices.join(', ')}, not "${value}".`);
  }
  return choice;
}

export function numberOption(
  line: CommandLine,
  name: OptionName,
  range: { min: number; max?: number; integer?: boolean },
): number | undefined {
  const text = stringOption(line, name);
  if (text === undefined) {
    return undefined;
  }
  const value = Number(text);
  const inRange = value >= range.min && value <= (range.max ?? Infinity);
  if (text.trim() === '' || !inRange || ((range.integer ?? true) && !Number.isInteger(value))) {
    const kind = (range.integer ?? true) ? 'a whole number' : 'a number';
    const upTo = range.max === undefined ? `${range.min} or more` : `${range.min} to ${range.max}`;
    throw new UsageError(`--${name} is ${kind}, ${upTo}, not "${text}".`);
  }
  return value;
}

function parseLoosely(args: readonly string[]): {
  values: CommandLine['values'];
  positionals: string[];
} {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, spec] of Object.entries<OptionSpec>(optionSpecs)) {
    options[name] = { type: spec.value === undefined ? 'boolean' : 'string' };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values: values as CommandLine['values'], positionals };
  } catch (error) {
    // Node's own sentence, up to its advice on escaping.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split('. To specify')[0] ?? message, { cause: error });
  }
}
