// npm run bench -- store: what stored KV takes and costs at each precision, and what edits,
// renames, branches and real commits make the engine compute.
//
//   --model ID|PATH        for the precisions; edits take the small test model, as only
//                          counters matter there
//   --repo ky   --limit N  questions for the precisions (60)
//   --folder server   --commits N (20)   what part of this project's history is replayed
//   --only precisions|edits   --threads N

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { openAssistant } from '../../server/assistant.js';
import { replayEdits, replayHistory } from './edits.js';
import { measurePrecisions } from './precisions.js';
import { sampled } from './quality.js';
import { chosenRepos, repositoryFolder } from './repositories.js';
import {
  announce,
  benchFolder,
  benchHome,
  benchModel,
  benchOptions,
  countOption,
  describeDevice,
  smallBenchModel,
  threadsOption,
} from './support.js';

/** On two cores; only for the estimate. */
const estimate = { precisionsSeconds: 3 * 120, secondsPerAnswer: 10, editsSeconds: 480 };

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['repo', 'limit', 'folder', 'commits', 'only']);
  const { repo = 'ky', folder = 'server' } = values;
  const limit = countOption('limit', values.limit, 60);
  const commits = countOption('commits', values.commits, 20);
  const precisions = values.only !== 'edits';
  const edits = values.only !== 'precisions';
  announce(
    'Precisions and edits',
    (precisions ? estimate.precisionsSeconds + 3 * limit * estimate.secondsPerAnswer : 0) +
      (edits ? estimate.editsSeconds : 0),
  );
  const device = describeDevice();
  const threads = threadsOption(values.threads);
  return {
    ...device,
    ...(precisions
      ? { precisions: await reportPrecisions(values.model, repo, limit, threads) }
      : {}),
    ...(edits ? await reportEdits(repo, folder, commits, threads) : {}),
  };
}

async function reportPrecisions(
  modelName: string | undefined,
  repoName: string,
  limit: number,
  threads: number,
): Promise<object> {
  const model = await benchModel(modelName);
  const [repo] = sampled(await chosenRepos([repoName]), limit);
  if (repo === undefined) {
    throw new Error(`${repoName} has no questions.`);
  }
  return { model: model.id, repo: repoName, ...(await measurePrecisions(model, repo, threads)) };
}

/** In a new store, so that nothing from an earlier run is reused. */
async function reportEdits(
  repoName: string,
  folder: string,
  commits: number,
  threads: number,
): Promise<object> {
  const [repo] = await chosenRepos([repoName]);
  if (repo === undefined) {
    throw new Error(`There is no repository "${repoName}".`);
  }
  const source = await repositoryFolder(repo);
  const model = await benchModel(smallBenchModel);
  const work = path.join(benchFolder(), 'edits');
  await rm(work, { recursive: true, force: true });
  const home = await benchHome(path.join('edits', 'home'));
  const assistant = await openAssistant({ home, model: model.path, threads });
  try {
    return {
      edits: {
        model: model.id,
        ...(await replayEdits(assistant, source, path.join(work, 'copy'))),
      },
      history: await replayHistory(assistant, folder, commits, path.join(work, 'history')),
    };
  } finally {
    await assistant.dispose();
    await rm(work, { recursive: true, force: true });
  }
}
