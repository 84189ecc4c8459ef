// npm run bench -- completion: a typing session over real repositories, played against LeoAM's
// language server and against llama.cpp's server program, with the passages of other files that
// LeoAM chose and without any. Then LeoAM's own times while it reads a folder and while it
// answers. The stores are warm.
//
//   --model ID|PATH   --threads N   --repos ky,pino,commander
//   --requests N        in each repository (100)
//   --load-requests N   under each load, in the first repository (60; 0: none)
//   --large NAME        what is read meanwhile (undici)
//   --seed N            of the session (1)
//   --cache-reuse N     of the peers: pieces of so many tokens are moved (16, with which they are
//                       fastest; llama.cpp's own settings for filling in have 256)
//   --rows FILE         keeps the single requests as JSON lines

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sessionReport, type PlayedRequest } from './completionReport.js';
import { EditorWindow } from './editorWindow.js';
import { LlamaServer } from './llamaServer.js';
import { measureLoads } from './loads.js';
import { playSession, type Peers } from './playing.js';
import { benchSession, readIntoStore, type BenchSession } from './reading.js';
import { benchRepo, repositoryFolder } from './repositories.js';
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
import { typingSession } from './typing.js';

const defaultRepos = ['ky', 'pino', 'commander'];
/** On two cores with the default model: LeoAM, both peers and the pauses; a request under load. */
const secondsPerRequest = 9;
const secondsPerLoadRequest = 1.5;
const secondsToReadForLoads = 240;
const defaultCacheReuse = 16;
/** Room for window, passages and answer. */
const contextTokens = 8192;

interface Folder {
  name: string;
  root: string;
}

export async function run(args: string[]): Promise<object> {
  const names = [
    'repos',
    'requests',
    'load-requests',
    'large',
    'seed',
    'rows',
    'cache-reuse',
  ] as const;
  const values = benchOptions(args, names);
  const requests = countOption('requests', values.requests, 100);
  const seed = countOption('seed', values.seed, 1);
  const cacheReuse = countOption('cache-reuse', values['cache-reuse'], defaultCacheReuse);
  const loadRequests =
    values['load-requests'] === '0' ? 0 : countOption('load-requests', values['load-requests'], 60);
  const device = describeDevice();
  const folders = await foldersOf(listOption(values.repos, defaultRepos));
  const session = await benchSession(values);
  announce(
    `${String(requests)} requests in each of ${String(folders.length)} repositories, ${String(loadRequests)} under each load (reading a repository for the first time takes 10 ms a token on top)`,
    folders.length * requests * secondsPerRequest +
      (loadRequests === 0 ? 0 : secondsToReadForLoads + 3 * loadRequests * secondsPerLoadRequest),
  );
  for (const { name, root } of folders) {
    await readIntoStore(session, root, name);
  }
  const played = await withPeers(session, cacheReuse, async (peers) => {
    const all: PlayedRequest[] = [];
    for (const folder of folders) {
      all.push(...(await playFolder(session, peers, folder, { requests, seed })));
    }
    return all;
  });
  if (values.rows !== undefined) {
    await writeFile(values.rows, played.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  return {
    model: session.model.id,
    ...device,
    threads: session.threads,
    peer: `llama-server, /infill, cache-reuse ${String(cacheReuse)}`,
    requests: played.length,
    ...sessionReport(played),
    repos: Object.fromEntries(
      folders.map(({ name }) => [name, sessionReport(played.filter(({ repo }) => repo === name))]),
    ),
    ...(await loadsOf(session, folders[0], values.large ?? 'undici', loadRequests)),
  };
}

async function playFolder(
  session: BenchSession,
  peers: Peers,
  { name, root }: Folder,
  options: { requests: number; seed: number },
): Promise<PlayedRequest[]> {
  const events = typingSession(await typedFiles(root), options);
  const progress = everySeconds(10, (done: number) =>
    note(`${name}: request ${String(done)} of ${String(options.requests)}`),
  );
  const window = await EditorWindow.open(session, root);
  try {
    await window.untilRead();
    return await playSession(window, peers, { repo: name, root, events, onRequest: progress });
  } finally {
    await window.close();
  }
}

async function withPeers<T>(
  { model, threads }: BenchSession,
  cacheReuse: number,
  work: (peers: Peers) => Promise<T>,
): Promise<T> {
  const program = path.join(process.env['LEOAM_LLAMA_BIN'] ?? '', 'llama-server');
  const start = (): Promise<LlamaServer> =>
    LlamaServer.start({ program, modelPath: model.path, threads, cacheReuse, contextTokens });
  const withContext = await start();
  try {
    const without = await start();
    try {
      return await work({ withContext, without });
    } finally {
      await without.stop();
    }
  } finally {
    await withContext.stop();
  }
}

async function loadsOf(
  session: BenchSession,
  folder: Folder | undefined,
  largeName: string,
  requests: number,
): Promise<object> {
  const [large] = await foldersOf([largeName]);
  if (folder === undefined || large === undefined || requests === 0) {
    return { p95Ms: null };
  }
  if (large.name === folder.name) {
    throw new Error(`--large must not be the first of --repos (${folder.name}).`);
  }
  const { p95Ms, ...loads } = await measureLoads({
    ...{ session, root: folder.root, largeRoot: large.root, requests },
  });
  return { p95Ms, loads: { typedIn: folder.name, read: large.name, ...loads } };
}

function foldersOf(names: readonly string[]): Promise<Folder[]> {
  return Promise.all(
    names.map(async (name) => ({ name, root: await repositoryFolder(await benchRepo(name)) })),
  );
}
