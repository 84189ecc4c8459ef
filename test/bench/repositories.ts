// The repositories that benches ask about, as folders on disk, read into a store.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { openRepositoryFor, type Assistant } from '../../server/assistant.js';
import { formatSeconds } from '../../server/cli/output.js';
import { indexRepository } from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { loadLargeRepo, loadRepos, materialise, type QualityRepo } from '../quality/load.js';
import { benchFolder, everySeconds, note } from './support.js';

/** Repositories by name, large ones too; without names the whole question set, without large ones. */
export async function chosenRepos(names?: readonly string[]): Promise<QualityRepo[]> {
  if (names === undefined) {
    return loadRepos();
  }
  return Promise.all(names.map(benchRepo));
}

/** One repository by name, of the set or a large one. */
export async function benchRepo(name: string): Promise<QualityRepo> {
  const repos = await loadRepos();
  const found = repos.find((repo) => repo.name === name) ?? (await loadLargeRepo(name));
  if (found === undefined) {
    const known = repos.map((repo) => repo.name).join(', ');
    throw new Error(`There is no repository "${name}"; the question set has ${known}.`);
  }
  return found;
}

/** The repository's folder; written first when this very version of it is not there. */
export async function repositoryFolder(repo: QualityRepo): Promise<string> {
  const { name, package: source, version, folder, also, skip, overlay } = repo;
  const print = createHash('sha256')
    .update(JSON.stringify([source, version, [folder, ...also].join(' '), skip, overlay]))
    .digest('hex');
  const target = path.join(benchFolder(), 'repos', `${name}-${print.slice(0, 12)}`);
  if (!existsSync(target)) {
    const unfinished = `${target}.new-${String(process.pid)}`;
    await mkdir(path.dirname(target), { recursive: true });
    await rm(unfinished, { recursive: true, force: true });
    await materialise(repo, unfinished);
    await rename(unfinished, target);
  }
  return target;
}

/** Opens a folder and reads into the store what is not there yet, with progress. */
export async function openIndexed(assistant: Assistant, root: string): Promise<RepositoryIndex> {
  const index = await openRepositoryFor(assistant, root);
  const result = await indexRepository({
    index,
    engine: assistant.engine.native,
    onProgress: everySeconds(10, ({ tokensDone, tokensTotal, secondsLeft }) => {
      const left = secondsLeft === undefined ? '' : `, ${formatSeconds(secondsLeft)} left`;
      note(`Reading ${root}: ${String(tokensDone)} of ${String(tokensTotal)} tokens${left}`);
    }),
  });
  result.warnings.forEach(note);
  return index;
}
