// leoam complete: what would be typed at a cursor, or in each of a file of holes.

import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { modeSyntax, parseMode, type Approximations } from '../completion/approximations.js';
import { Completer, type Completion, type CompletionRequest } from '../completion/completer.js';
import { extentOf } from '../completion/extent.js';
import { languageIdOf } from '../completion/languageId.js';
import type { Place, Suggested } from '../completion/place.js';
import { postProcess } from '../completion/steps/index.js';
import { writeFor } from '../completion/write.js';
import { leoError } from '../engine/errors.js';
import { choiceOption, numberOption, stringOption, UsageError } from './arguments.js';
import {
  close,
  openBoth,
  type CommandContext,
  type CommandFunction,
  type Opened,
} from './common.js';
import { editSimilarity, readHoles, type Hole } from './completeFile.js';
import { median } from './eval.js';
import { rounded } from './output.js';

interface Options {
  mode: string;
  approximations: Approximations;
  /** Undefined: by the place, in a batch 64. */
  maxTokens: number | undefined;
  /** Undefined: by what is expected. */
  singleLine: boolean | undefined;
}

const batchTokens = 64;

export const completeCommand: CommandFunction = async (context) => {
  const { line } = context;
  const batch = stringOption(line, 'batch');
  const [file, ...more] = line.positionals;
  const offset = numberOption(line, 'offset', { min: 0 });
  if (more.length > 0 || (batch === undefined) === (file === undefined)) {
    throw new UsageError('Name one file and --offset, or a file of holes with --batch.');
  }
  if (file !== undefined && offset === undefined) {
    throw new UsageError('--offset says where in the file the cursor is, in bytes.');
  }
  const lines = choiceOption(line, 'lines', ['one', 'many'] as const);
  const options: Options = {
    ...modeOf(stringOption(line, 'mode') ?? 'leoam'),
    maxTokens: numberOption(line, 'max-tokens', { min: 1, max: 4096 }),
    singleLine: lines === undefined ? undefined : lines === 'one',
  };
  const holes = batch === undefined ? undefined : await readHoles(batch);
  const opened = await openBoth(context);
  const completer = new Completer({ ...opened.assistant, repository: opened.repository });
  try {
    return holes === undefined
      ? await completeOnce(
          opened,
          completer,
          options,
          { file: file ?? '', offset: offset ?? 0 },
          context,
        )
      : await completeBatch(opened, completer, options, holes, context);
  } finally {
    completer.dispose();
    await close(opened);
  }
};

async function completeOnce(
  opened: Opened,
  completer: Completer,
  { mode, approximations, maxTokens, singleLine }: Options,
  at: { file: string; offset: number },
  { output, signal }: CommandContext,
): Promise<number> {
  const { root } = opened.repository;
  const path = pathIn(root, at.file);
  const bytes = await bytesOf(join(root, path));
  const offset = textOffset(bytes, at.offset, path);
  const place = { text: bytes.toString('utf8'), offset, languageId: languageIdOf(path) };
  const result = await writeFor(
    completer,
    {
      path,
      text: place.text,
      offset,
      approximations,
      signal,
      ...(maxTokens === undefined ? {} : { maxTokens }),
    },
    place,
    singleLine === undefined ? extentOf(place) : singleLine ? 'line' : 'block',
  );
  const { text: completion, replaced } = fitted(result.completion, place);
  const replacedBytes = Buffer.byteLength(place.text.slice(offset, offset + replaced));
  const { assistant, indexMs } = opened;
  const timings = { loadMs: assistant.loadMs, indexMs, ...result.timings };
  const model = assistant.engine.model.id;
  output.json(rounded({ ...result, completion, replacedBytes, timings, model, mode }));
  output.text(`${completion}\n`);
  return 0;
}

async function completeBatch(
  { repository, assistant }: Opened,
  completer: Completer,
  options: Options,
  holes: readonly Hole[],
  { line, output, signal }: CommandContext,
): Promise<number> {
  const limit = numberOption(line, 'limit', { min: 1 }) ?? holes.length;
  const stale = numberOption(line, 'stale', { min: 0 }) ?? 0;
  const rows = [];
  for (const hole of holes.slice(0, limit)) {
    signal.throwIfAborted();
    output.progress(`Hole ${rows.length + 1} of ${Math.min(limit, holes.length)}`);
    const path = pathIn(repository.root, hole.path);
    const bytes = await bytesOf(join(repository.root, path));
    const offset = textOffset(bytes, hole.startByte, path);
    const before = bytes.toString('utf8').slice(0, offset);
    const behind = bytes.toString('utf8').slice(textOffset(bytes, hole.endByte, path));
    completer.reset(); // what it holds of the file may have seen what stood in the hole
    // Nor may what is chosen rest on it.
    await repository.refresh({ texts: new Map([[path, before + behind]]), signal });
    const request = {
      path,
      text: before + behind,
      offset,
      approximations: options.approximations,
      maxTokens: options.maxTokens ?? batchTokens,
      expected: hole.expected.trimEnd(),
      signal,
      ...asLongAs(hole.expected, options.singleLine),
    };
    if (stale > 0) {
      const typed = before.slice(0, -stale);
      const earlier = { text: typed + behind, offset: typed.length };
      await completer.complete({ ...request, ...earlier, expected: '', maxTokens: 1 });
    }
    const result = await completer.complete(request);
    const place = { text: request.text, offset, languageId: languageIdOf(path) };
    // Where the hole ends within a line, the model may write the rest of that line once more.
    const endsInLine = behind.split('\n', 1)[0]?.trim() !== '';
    const completion = endsInLine ? fitted(result.completion, place).text : result.completion;
    rows.push(judged(hole, { ...result, completion }));
  }
  await repository.refresh({ signal }); // as it is on disk again
  output.json(
    rounded({
      n: rows.length,
      exact: rows.filter(({ isExact }) => isExact).length,
      editSimilarity: median(rows.map((row) => row.editSimilarity)),
      medianTtftMs: median(rows.map(({ timings }) => timings.ttftMs)),
      medianTotalMs: median(rows.map(({ timings }) => timings.totalMs)),
      medianTokensComputed: median(rows.map(({ counters }) => counters.tokensComputed)),
      model: assistant.engine.model.id,
      mode: options.mode,
      rows,
    }),
  );
  const exact = rows.filter(({ isExact }) => isExact).length;
  output.text(`${exact} of ${rows.length} exactly as expected\n`);
  return 0;
}

/**
 * What is put in at the cursor, as an editor would have it, and so many UTF-16 units behind it that it
 * replaces: none where it ends with them. Nothing where that stands there.
 */
function fitted(raw: string, place: Place): Suggested {
  const suggested = postProcess(raw, place);
  if (typeof suggested === 'string') {
    return { text: '', replaced: 0 };
  }
  const { text, replaced } = suggested;
  const rest = place.text.slice(place.offset, place.offset + replaced);
  return text.endsWith(rest)
    ? { text: text.slice(0, text.length - rest.length), replaced: 0 }
    : suggested;
}

/** As many lines as are expected. */
function asLongAs(
  expected: string,
  singleLine: boolean | undefined,
): Pick<CompletionRequest, 'stop' | 'isComplete'> {
  const lines = expected.trimEnd().split('\n').length;
  return (singleLine ?? lines === 1)
    ? { stop: ['\n'] }
    : { stop: [], isComplete: (written) => written.split('\n').length > lines };
}

function modeOf(mode: string): Pick<Options, 'mode' | 'approximations'> {
  const parsed = parseMode(mode);
  if (parsed === undefined) {
    throw new UsageError(`--mode is one of ${modeSyntax}, not "${mode}".`);
  }
  return { mode, approximations: parsed };
}

/** Of what was written as many lines count as are expected, without what stands at their end. */
function judged(
  { path, startByte, expected }: Hole,
  { completion, meanLogProbability, goldNll, sources, counters, timings }: Completion,
): {
  path: string;
  startByte: number;
  expected: string;
  completion: string;
  isExact: boolean;
  editSimilarity: number;
} & Pick<Completion, 'meanLogProbability' | 'goldNll' | 'sources' | 'counters' | 'timings'> {
  const wanted = expected.trimEnd();
  const given = completion.split('\n').slice(0, wanted.split('\n').length).join('\n').trimEnd();
  return {
    ...{ path, startByte, expected, completion },
    isExact: given === wanted,
    editSimilarity: editSimilarity(given, wanted),
    ...(meanLogProbability === undefined ? {} : { meanLogProbability }),
    ...(goldNll === undefined ? {} : { goldNll }),
    ...{ sources, counters, timings },
  };
}

function pathIn(root: string, file: string): string {
  const path = relative(root, resolve(root, file));
  if (path.startsWith('..') || isAbsolute(path)) {
    throw new UsageError(`${file} does not lie in ${root}.`);
  }
  return path.split(sep).join('/');
}

async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw leoError('invalid-input', `The file cannot be read: ${reason}.`);
  });
}

/** From bytes of UTF-8 to units of a string. */
function textOffset(bytes: Buffer, at: number, path: string): number {
  if (at > bytes.length || ((bytes[at] ?? 0) & 0xc0) === 0x80) {
    throw leoError(
      'invalid-input',
      `Byte ${at} of ${path} is not the start of a character; the file has ${bytes.length} bytes.`,
    );
  }
  return bytes.subarray(0, at).toString('utf8').length;
}
