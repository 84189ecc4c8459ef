// npm run bench -- ask: time to the first token of an answer about repositories of three
// sizes. The store is warm, each question is a new process, and the store's and the index's
// files are dropped from the page cache before it where the system allows.
//
//   --model ID|PATH   --questions N (20)   --threads N
//   --repos ky,fastify,undici   --modes leoam,leoam:repair=0,rag,none
//   --full N          questions in mode `full`, where the repository fits the window (2; 0: none)
//   --server N        questions to llama.cpp's server, about the smallest repository (default: all)

import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { QualityRepo, Question } from '../quality/load.js';
import { repoReport, summarizeServer, type Asked, type RepoReport } from './askReport.js';
import { dropFromPageCache, type Dropped } from './pageCache.js';
import { benchSession, readIntoStore, sessionArguments, type BenchSession } from './reading.js';
import { benchRepo, repositoryFolder } from './repositories.js';
import { measureServer } from './serverBaseline.js';
import { balancedSample } from './statistics.js';
import {
  announce,
  benchOptions,
  capture,
  cliPath,
  countOption,
  describeDevice,
  listOption,
  note,
} from './support.js';
import { parseVariant, type Variant } from './variants.js';

const defaultRepos = ['ky', 'fastify', 'undici'];
const defaultModes = ['leoam', 'leoam:repair=0', 'rag', 'none'];
/** The first token is measured; a few more make sure that it was one. */
const answerTokens = 4;
/** On two cores with the default model, the start of the process included; for the estimate. */
const secondsPerQuestion: Record<string, number> = { leoam: 7, rag: 20, none: 4, full: 200 };

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['questions', 'repos', 'modes', 'full', 'server']);
  const full = Number(values.full ?? '2');
  const device = describeDevice();
  const variants = listOption(values.modes, defaultModes).map(parseVariant);
  const count = countOption('questions', values.questions, 20);
  const repos = await Promise.all(listOption(values.repos, defaultRepos).map(benchRepo));
  const session = await benchSession(values);
  announceAll(repos.length, count, variants, full);

  const reports: RepoReport[] = [];
  let dropped: Dropped | undefined;
  for (const repo of repos) {
    const measured = await measureRepo(session, repo, variants, count, full);
    reports.push(repoReport(repo.name, measured.repoTokens, measured.asked));
    dropped = measured.dropped;
  }
  reports.sort((a, b) => a.repoTokens - b.repoTokens);
  const serverQuestions = values.server === undefined ? count : Number(values.server);
  const smallest = repos.find(({ name }) => name === reports[0]?.repo);
  return {
    model: session.model.id,
    ...device,
    threads: session.threads,
    pageCache: dropped,
    repos: reports,
    growth: growth(reports),
    llamaServer:
      smallest === undefined || serverQuestions === 0
        ? null
        : await serverReport(session, smallest, reports[0], serverQuestions),
  };
}

function announceAll(
  repos: number,
  count: number,
  variants: readonly Variant[],
  full: number,
): void {
  const perQuestion = variants.reduce(
    (sum, { options }) => sum + (secondsPerQuestion[options.mode] ?? 0),
    0,
  );
  const seconds = repos * count * perQuestion + full * (secondsPerQuestion['full'] ?? 0);
  announce(
    `${String(count)} questions about each of ${String(repos)} repositories (reading a repository for the first time takes 10 ms a token on top, llama-server some minutes)`,
    seconds,
  );
}

interface Measured {
  repoTokens: number;
  asked: Asked[];
  dropped: Dropped;
}

async function measureRepo(
  session: BenchSession,
  repo: QualityRepo,
  variants: readonly Variant[],
  count: number,
  full: number,
): Promise<Measured> {
  const root = await repositoryFolder(repo);
  const repoTokens = await readIntoStore(session, root, repo.name);
  const questions = balancedSample(repo.questions, ({ kind }) => kind, count);
  const asked: Asked[] = [];
  let dropped = await dropStore(session);
  for (const question of questions) {
    note(
      `${repo.name}: question ${String(1 + questions.indexOf(question))} of ${String(questions.length)}`,
    );
    for (const variant of variants) {
      dropped = await dropStore(session);
      asked.push(await askOnce(session, root, variant, question));
    }
  }
  asked.push(...(await askFull(session, root, questions.slice(0, full))));
  return { repoTokens, asked, dropped };
}

/** Nothing where the window has no room for the repository: the command says so at once. */
async function askFull(
  session: BenchSession,
  root: string,
  questions: readonly Question[],
): Promise<Asked[]> {
  const asked: Asked[] = [];
  try {
    for (const question of questions) {
      note('Mode full: the whole repository is read for each question, some minutes.');
      await dropStore(session);
      asked.push(await askOnce(session, root, parseVariant('full'), question));
    }
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
  }
  return asked;
}

function dropStore({ home }: BenchSession): Promise<Dropped> {
  const folders = ['store', 'repos'].map((name) => path.join(home, name));
  return dropFromPageCache(folders.filter((folder) => existsSync(folder)));
}

const askOutput = z.object({
  counters: z.object({
    tokensComputed: z.number(),
    repoTokensComputed: z.number(),
    tokensRepaired: z.number(),
    questionTokens: z.number(),
    tokensReused: z.number(),
    workingSetTokens: z.number(),
    bytesFromDisk: z.number(),
  }),
  timings: z.object({ selectMs: z.number(), loadMs: z.number(), ttftMs: z.number() }),
});

async function askOnce(
  session: BenchSession,
  root: string,
  variant: Variant,
  { id, question }: Pick<Question, 'id' | 'question'>,
): Promise<Asked> {
  const output = await capture(process.execPath, [
    ...[cliPath(), 'ask', question, '--json', '--max-tokens', String(answerTokens)],
    ...variant.args,
    ...sessionArguments(session, root),
  ]);
  const { counters, timings } = askOutput.parse(JSON.parse(output));
  return { id, variant: variant.name, ...counters, ...timings };
}

/** How much later the first token comes in the largest repository than in the smallest. */
function growth(reports: readonly RepoReport[]): Record<string, number> | null {
  const [smallest, largest] = [reports[0], reports.at(-1)];
  if (smallest === undefined || largest === undefined || smallest === largest) {
    return null;
  }
  return Object.fromEntries(
    Object.entries(smallest.modes).flatMap(([variant, { ttftMs }]) => {
      const last = largest.modes[variant];
      return last === undefined ? [] : [[variant, last.ttftMs.median / ttftMs.median]];
    }),
  );
}

async function serverReport(
  session: BenchSession,
  repo: QualityRepo,
  report: RepoReport | undefined,
  count: number,
): Promise<object> {
  const program = path.join(process.env['LEOAM_LLAMA_BIN'] ?? '', 'llama-server');
  const questions = balancedSample(repo.questions, ({ kind }) => kind, count);
  // Room for another way of writing the same files, and for question and answer.
  const contextTokens = Math.ceil(((report?.repoTokens ?? 0) * 1.2 + 1024) / 256) * 256;
  const root = await repositoryFolder(repo);
  const { samples, cacheFileBytes } = await measureServer({
    ...{ program, contextTokens, root, questions },
    model: session.model,
    threads: session.threads,
  });
  return { repo: repo.name, cacheFileBytes, ...summarizeServer(samples, report) };
}
