// npm run bench -- soak: thousands of requests for suggestions with cancellation, edits, jumps
// and other files at random, against LeoAM's language server. Nothing may come that is meant for
// another text, what was kept must be the rest of what was shown, nothing may stay without an answer,
// and memory must not grow.
//
//   --model ID|PATH   --threads N   --repos ky (the first one is taken)
//   --requests N        (10000)
//   --seed N            of what is done (1)
//
// Ends with exit code 1 where something failed.

import { EditorWindow } from './editorWindow.js';
import { memoryTrend, type MemoryTrend } from './memory.js';
import { benchSession, readIntoStore } from './reading.js';
import { benchRepo, repositoryFolder } from './repositories.js';
import { soak } from './soaking.js';
import { typedFiles } from './sourceFiles.js';
import {
  announce,
  benchOptions,
  countOption,
  describeDevice,
  everySeconds,
  listOption,
  note,
} from './support.js';

/** On two cores with the default model. */
const secondsPerRequest = 0.25;
/** Of the requests: until then memory may grow. */
const warmUp = 0.1;
/** More would be a leak; judged where there are enough samples to tell. */
const mostMbPer1000 = 3;
const leastSamples = 40;

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['repos', 'requests', 'seed']);
  const requests = countOption('requests', values.requests, 10_000);
  const seed = countOption('seed', values.seed, 1);
  const [name = 'ky'] = listOption(values.repos, ['ky']);
  const device = describeDevice();
  const root = await repositoryFolder(await benchRepo(name));
  const session = await benchSession(values);
  announce(`${String(requests)} requests in ${name}`, requests * secondsPerRequest);
  await readIntoStore(session, root, name);
  const progress = everySeconds(10, (done: number) =>
    note(`Request ${String(done)} of ${String(requests)}`),
  );
  const files = await typedFiles(root);
  const window = await EditorWindow.open(session, root);
  const started = performance.now();
  try {
    await window.untilRead();
    const soaked = await soak(window, { files, requests, seed, onRequest: progress });
    const trend = memoryTrend(soaked.memory, warmUp * requests);
    const failures = [...soaked.failures, ...growth(trend)];
    if (failures.length > 0) {
      process.exitCode = 1;
    }
    const seconds = (performance.now() - started) / 1000;
    return {
      ...{ model: session.model.id, ...device, threads: session.threads, repo: name, seed },
      ...{ requests, seconds, ...soaked, memoryTrend: trend ?? null, failures },
    };
  } finally {
    await window.close();
  }
}

function growth(trend: MemoryTrend | undefined): string[] {
  return trend === undefined ||
    trend.samples < leastSamples ||
    trend.anonymousMbPer1000 <= mostMbPer1000
    ? []
    : [`Memory grows by ${trend.anonymousMbPer1000.toFixed(1)} MB in 1000 requests.`];
}
