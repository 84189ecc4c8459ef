// npm run bench -- fill: how well holes in real files are filled in each mode, half of them such
// that only another file explains a name in them, and paired differences between the modes.
//
//   --model ID|PATH   --threads N   --repos fastify,ky,pino,commander,undici
//   --holes N         in all repositories together (300)
//   --modes leoam,rag,file,exact (as `leoam complete --mode` has them, and :stale=CHARACTERS,
//                     :precision=f16|q8|q4, such as leoam:behind=read:stale=200)
//   --seed N          of the holes (1)
//   --inside N        each of them begins behind the first N characters of a name, and ends with the line
//   --read-cut        read each file again, without its hole, before it is filled: its stored KV
//                     serves on both sides of the hole, as in an editor
//   --fresh           measure again what was measured before
//   --dry-run         only make the holes, and write them to bench/fill/REPO.jsonl in the cache

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { modeSyntax, parseMode } from '../../server/completion/approximations.js';
import {
  fillRepo,
  modeArguments,
  precisionOf,
  sessionOf,
  type FilledRow,
  type HowFilled,
  type RepoHoles,
} from './filling.js';
import { fillReport, type FilledHole } from './fillReport.js';
import { chooseHoles, findHoles, holeKinds } from './holes.js';
import { insideName } from './insideNames.js';
import { benchSession, readIntoStore, type BenchSession } from './reading.js';
import { benchRepo, repositoryFolder } from './repositories.js';
import { RowCache } from './rowCache.js';
import { sourceFiles } from './sourceFiles.js';
import {
  announce,
  benchFolder,
  benchOptions,
  countOption,
  describeDevice,
  everySeconds,
  listOption,
  note,
} from './support.js';

const defaultRepos = ['fastify', 'ky', 'pino', 'commander', 'undici'];
const defaultModes = ['leoam', 'rag', 'file', 'exact'];
/** On two cores with the default model, blocks and lines, the start of the program included; for the estimate. */
const secondsPerHole: Record<string, number> = { leoam: 5, rag: 15, file: 6, exact: 22 };

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(
    args,
    ['repos', 'holes', 'modes', 'seed', 'inside'],
    ['read-cut', 'fresh', 'dry-run'],
  );
  const modes = listOption(values.modes, defaultModes);
  for (const mode of modes) {
    const [, name = ''] = modeArguments(mode);
    if (parseMode(name) === undefined) {
      throw new Error(`--modes are of ${modeSyntax}, with :stale=N :precision=P, not "${mode}".`);
    }
  }
  const seed = countOption('seed', values.seed, 1);
  const count = countOption('holes', values.holes, 300);
  const device = describeDevice();
  const made = await makeHoles(listOption(values.repos, defaultRepos), count, seed);
  const inside = values.inside === undefined ? 0 : countOption('inside', values.inside, 1);
  const repos =
    inside === 0
      ? made
      : made.map((repo) => ({
          ...repo,
          holes: repo.holes.flatMap((hole) => insideName(hole, inside)),
        }));
  const holes = repos.flatMap((repo) => repo.holes);
  const kinds = Object.fromEntries(
    holeKinds.map((kind) => [kind, holes.filter((hole) => hole.kind === kind).length]),
  );
  const seconds = modes.reduce((sum, mode) => sum + holes.length * (secondsPerHole[mode] ?? 6), 0);
  announce(
    `${String(holes.length)} holes in ${String(modes.length)} modes, at most (less what was measured before; reading the repositories comes on top)`,
    seconds,
  );
  if (values['dry-run']) {
    return { holes: holes.length, kinds, estimatedSeconds: seconds, files: await write(repos) };
  }
  const session = await benchSession(values);
  const cache = await RowCache.open<FilledRow>(
    path.join(benchFolder(), 'fill', `${session.model.hash.slice(0, 16)}.jsonl`),
    values.fresh ? 'none' : 'sameBuild',
  );
  const filled = await fillAll(
    session,
    repos,
    { modes, readsCut: values['read-cut'] ?? false },
    cache,
  );
  return {
    model: session.model.id,
    ...device,
    threads: session.threads,
    holes: holes.length,
    readsCut: values['read-cut'] ?? false,
    inside,
    kinds,
    ...fillReport(filled, modes),
  };
}

async function fillAll(
  session: BenchSession,
  repos: readonly RepoHoles[],
  how: HowFilled,
  cache: RowCache<FilledRow>,
): Promise<FilledHole[]> {
  const filled: FilledHole[] = [];
  let done = 0;
  const progress = everySeconds(10, (repo: string) =>
    note(`${repo}: ${String(done)} holes filled in this run`),
  );
  for (const repo of repos) {
    for (const precision of new Set(how.modes.map(precisionOf))) {
      const mode = precision === undefined ? '' : `leoam:precision=${precision}`;
      await readIntoStore(
        await sessionOf(session, mode),
        ...([repo.root, repo.repo] as const),
        precision === undefined ? [] : ['--precision', precision],
      );
    }
    const rows = await fillRepo(session, repo, how, cache, (holes) => {
      done += holes;
      progress(repo.repo);
    });
    filled.push(...rows);
  }
  return filled;
}

async function makeHoles(
  names: readonly string[],
  count: number,
  seed: number,
): Promise<RepoHoles[]> {
  const repos = await Promise.all(
    names.map(async (repo) => {
      const root = await repositoryFolder(await benchRepo(repo));
      return { repo, root, files: await sourceFiles(root) };
    }),
  );
  const candidates = repos.flatMap(({ repo, files }) =>
    findHoles(files, seed).map((hole) => ({ ...hole, repo })),
  );
  const chosen = chooseHoles(candidates, count, seed);
  return repos.map((one) => ({ ...one, holes: chosen.filter(({ repo }) => repo === one.repo) }));
}

/** Where the holes of each repository lie now, for `leoam complete --batch`. */
async function write(repos: readonly RepoHoles[]): Promise<string[]> {
  const folder = path.join(benchFolder(), 'fill');
  await mkdir(folder, { recursive: true });
  return Promise.all(
    repos.map(async ({ repo, holes }) => {
      const file = path.join(folder, `${repo}.jsonl`);
      await writeFile(file, holes.map((hole) => `${JSON.stringify(hole)}\n`).join(''));
      return file;
    }),
  );
}
