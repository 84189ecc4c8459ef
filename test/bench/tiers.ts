// npm run bench -- tiers: decoding behind a context whose KV is larger than the memory for it,
// against all of it in memory, against reading all of it at every step, and against other ways to
// choose what a step attends to.
//
//   --model ID|PATH      (smollm2-135m, whose KV is large for its weights)   --threads N
//   --repos fastify      (the first one is taken)
//   --ways leoam,lossless    of tiersWays.ts, besides `memory` and `full-disk`; all of them
//   --contexts 2048,6144 tokens of stored chunks before the question
//   --ram 25             percent of the context's KV that may be in memory, a list
//   --kv q8              how the context's KV lies in memory: f16, q8, a list; of memory and full-disk f16
//   --device-ram 0       percent that a device's memory may hold besides, a list; --device NAME says
//                        which, as ggml has it: CPU, the processor's own, stands for one anywhere
//   --share 0.2          of the chunks that take part in a step at most
//   --mass 0.95,0.99     of the estimated attention that is enough for a step, a list; without it as
//                        the engine does
//   --code-share 0.5     of the channels of keys that have codes in the abstracts, at most
//   --draft 12           tokens that steps with a share guess ahead at most where all verifies them
//   --disk real,1000     a list of: the disk, past the page cache; or MB/s that reads are throttled to over that
//                        cache; or `cache`: as fast as it is
//   --batch 1            answers that are written together, to as many questions about the context, a
//                        list; of several how good they are is told by what they share with full-disk's alone
//   --steps N            tokens that are decoded (48)
//   --code-tokens 128    of the files behind the context, whose perplexity is measured; 0: none
//   --questions N        of the repository's own that the context answers, whose gold answers are judged (0)

import path from 'node:path';
import { openAssistant } from '../../server/assistant.js';
import type { KvFormat } from '../../server/engine/addon.js';
import { evidenceKv } from '../../server/engine/tierOptions.js';
import { diskSpeed } from './pageCache.js';
import { benchRepo, openIndexed, repositoryFolder } from './repositories.js';
import { mean } from './statistics.js';
import {
  announce,
  benchHome,
  benchModel,
  benchOptions,
  countOption,
  describeDevice,
  listOption,
  smallBenchModel,
  threadsOption,
} from './support.js';
import { notJudgedTogether } from './tiersQuality.js';
import { measure, mostTogether, type Row } from './tiersRows.js';
import { settingsOf, ways, type Choices, type Disk, type Way } from './tiersWays.js';

const secondsPerRow = 8;

const options = [
  ...(['repos', 'ways', 'contexts', 'ram', 'share', 'disk', 'steps', 'draft', 'mass'] as const),
  ...(['device', 'device-ram', 'kv', 'code-tokens', 'code-share', 'batch', 'questions'] as const),
] as const;
type Values = Partial<Record<(typeof options)[number], string>>;

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, options);
  const [name = 'fastify'] = listOption(values.repos, ['fastify']);
  const repo = await benchRepo(name);
  const { steps, codeTokens, questions: most } = measuredOf(values);
  const questions = repo.questions.slice(0, most);
  const contexts = numbers(values.contexts, '2048,6144');
  const choices = choicesOf(values);
  const settings = settingsOf(choices);
  const device = describeDevice();
  const model = await benchModel(values.model ?? smallBenchModel);
  const home = await benchHome();
  const threads = threadsOption(values.threads);
  const assistant = await openAssistant({ home, model: model.path, threads });
  const repository = await openIndexed(assistant, await repositoryFolder(repo));
  try {
    announce(
      `${String(settings.length)} ways behind ${String(contexts.length)} contexts`,
      settings.length * contexts.length * secondsPerRow,
    );
    const rows: Row[] = [];
    for (const tokens of contexts) {
      rows.push(
        ...(await measure(assistant, repository, tokens, settings, {
          ...{ steps, codeTokens, questions },
        })),
      );
    }
    return {
      model: model.id,
      ...device,
      threads,
      repo: name,
      ...{ steps, codeTokens },
      questions: questions.length,
      ...(settings.some(({ batch }) => batch > 1) ? { notJudged: notJudgedTogether } : {}),
      realDisk: await diskSpeed(path.join(home, 'store')),
      rows,
      ...speedups(rows, 'leoam', 'full-disk'),
      lossless: speedups(rows, 'lossless', 'full-disk'),
      over: Object.fromEntries(
        choices.ways
          .filter((way) => way !== 'leoam' && way !== 'lossless')
          .map((way) => [way, speedups(rows, 'leoam', way)]),
      ),
    };
  } finally {
    await repository.close();
    await assistant.dispose();
  }
}

/** What is compared, by the options or without them. */
export function choicesOf(values: Values): Choices {
  return {
    ways: listOption(values.ways, ways).map(wayOf),
    batches: numbers(values.batch, '1').map(batchOf),
    rams: numbers(values.ram, '25'),
    devicePercents: numbers(values['device-ram'], '0'),
    device: values.device,
    kvs: listOption(values.kv, [evidenceKv]).map(kvOf),
    share: Number(values.share ?? '0.2'),
    masses: values.mass === undefined ? undefined : numbers(values.mass, ''),
    codeShare: number(values['code-share']),
    disks: listOption(values.disk, ['real', '1000']).map(diskOf),
    draftTokens: countOption('draft', values.draft, 12),
  };
}

/** How much each row decodes and judges. */
export function measuredOf(values: Values): Record<'steps' | 'codeTokens' | 'questions', number> {
  const orNone = (option: 'code-tokens' | 'questions', fallback: string): number => {
    const value = values[option] ?? fallback;
    return value === '0' ? 0 : countOption(option, value, 1);
  };
  return {
    steps: countOption('steps', values.steps, 48),
    codeTokens: orNone('code-tokens', '128'),
    questions: orNone('questions', '0'),
  };
}

function numbers(value: string | undefined, fallback: string): number[] {
  return listOption(value, listOption(fallback, [])).map(Number);
}

function number(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function batchOf(batch: number): number {
  if (!Number.isInteger(batch) || batch < 1 || batch > mostTogether) {
    throw new Error(`--batch takes 1 to ${String(mostTogether)}.`);
  }
  return batch;
}

function diskOf(name: string): Disk {
  if (name === 'real' || name === 'cache') {
    return name;
  }
  const speed = Number(name);
  if (!(speed > 0)) {
    throw new Error(`--disk: "${name}" is neither real nor cache nor a number of MB/s.`);
  }
  return speed;
}

function kvOf(name: string): KvFormat {
  if (name !== 'f16' && name !== 'q8') {
    throw new Error(`--kv: "${name}" is neither f16 nor q8.`);
  }
  return name;
}

function wayOf(name: string): Way {
  const way = ways.find((known) => known === name);
  if (way === undefined) {
    throw new Error(`"${name}" is not one of ${ways.join(', ')}.`);
  }
  return way;
}

/**
 * How many times less a token takes in `way` than in `base`, with the same context, disk and, where
 * `base` keeps something in RAM, memory.
 */
function speedups(
  rows: readonly Row[],
  way: Way,
  base: Way,
): { meanSpeedup: number; bestSpeedup: number } | undefined {
  const ratios = rows
    .filter((row) => row.way === way)
    .flatMap((row) => {
      const other = rows.find(
        (one) =>
          one.way === base &&
          one.contextTokens === row.contextTokens &&
          one.batch === row.batch &&
          (one.way === 'memory' || one.disk === row.disk) &&
          (one.way === 'memory' ||
            one.way === 'full-disk' ||
            (one.ramPercent === row.ramPercent &&
              one.devicePercent === row.devicePercent &&
              one.kv === row.kv)) &&
          (one.mass === undefined ||
            row.mass === undefined ||
            one.mass === row.mass ||
            one.mass === 1),
      );
      return other === undefined ? [] : [other.msPerToken / row.msPerToken];
    });
  return ratios.length === 0
    ? undefined
    : { meanSpeedup: mean(ratios), bestSpeedup: Math.max(...ratios) };
}
