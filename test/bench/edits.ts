// What changes make the engine compute: single edits on a copy of a repository, and commits
// of this project's own history, one after the other. Each step looks at the folder again,
// reads what changed at once (the chunks around an edit keep their KV, marked), then reads
// the marked segments exactly, as in idle time.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openRepositoryFor, type Assistant } from '../../server/assistant.js';
import { indexRepository } from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { projectRoot } from '../quality/load.js';
import { capture, note } from './support.js';

/** Tokens that one step computed. */
export interface Step {
  step: string;
  filesChanged: number;
  tokensComputed: number;
  tokensReused: number;
  /** Segments that hold chunks read under an older text, before idle time. */
  staleSegments: number;
  tokensComputedIdle: number;
  seconds: number;
}

/** Edits, a rename and a branch switch on a copy of `source`. */
export async function replayEdits(
  assistant: Assistant,
  source: string,
  work: string,
): Promise<{ repoTokens: number; steps: Step[] }> {
  await rm(work, { recursive: true, force: true });
  await cp(source, work, { recursive: true });
  await git(work, 'init', '--quiet', '--initial-branch=main');
  await commitAll(work, 'start');
  const index = await openRepositoryFor(assistant, work);
  try {
    const steps = [await takeStep(assistant, index, 'first reading')];
    const [largest, ...others] = [...index.files].sort((a, b) => b.tokens - a.tokens);
    if (largest === undefined) {
      throw new Error(`${source} has no files.`);
    }
    const step = async (name: string): Promise<void> => {
      steps.push(await takeStep(assistant, index, name));
    };
    await editLine(work, largest.path);
    await step('one-line edit in the largest file');
    await git(work, 'checkout', '--quiet', '--', '.');
    await step('the edit undone');
    const { dir, base } = path.parse(largest.path);
    await git(work, 'mv', largest.path, path.posix.join(dir, `renamed-${base}`));
    await step('the largest file renamed');
    await commitAll(work, 'renamed');
    await git(work, 'switch', '--quiet', '--create', 'other');
    for (const file of others.slice(0, 3)) {
      await editLine(work, file.path);
    }
    await commitAll(work, 'other');
    await step('another branch, one line in three files');
    await git(work, 'switch', '--quiet', 'main');
    await step('back to the first branch');
    await git(work, 'switch', '--quiet', 'other');
    await step('the other branch again');
    return { repoTokens: index.totalTokens, steps };
  } finally {
    await index.close();
  }
}

export interface HistoryReport {
  folder: string;
  commits: number;
  repoTokens: number;
  /** Over all commits after the first, edits alone and with idle time. */
  tokensComputed: number;
  tokensComputedIdle: number;
  /** What reading the whole folder anew at each commit would have computed. */
  tokensComputedWithoutReuse: number;
  steps: Step[];
}

/** The last commits of this project that touch `folder`, oldest first. Null where there is no history. */
export async function replayHistory(
  assistant: Assistant,
  folder: string,
  commits: number,
  work: string,
): Promise<HistoryReport | null> {
  const hashes = await lastCommits(folder, commits + 1).catch(() => []);
  if (hashes.length < 2) {
    note('This clone has no history of commits to replay.');
    return null;
  }
  await rm(work, { recursive: true, force: true });
  await mkdir(path.dirname(work), { recursive: true });
  await capture('git', ['clone', '--quiet', '--no-checkout', projectRoot(), work]);
  await checkOut(work, hashes[0]);
  const index = await openRepositoryFor(assistant, path.join(work, folder));
  try {
    const steps: Step[] = [];
    let withoutReuse = 0;
    for (const hash of hashes) {
      await checkOut(work, hash);
      note(`Commit ${String(steps.length)} of ${String(hashes.length - 1)}`);
      steps.push(await takeStep(assistant, index, hash.slice(0, 10)));
      withoutReuse += index.totalTokens;
    }
    const [first, ...later] = steps;
    return {
      folder,
      commits: later.length,
      repoTokens: index.totalTokens,
      tokensComputed: total(later, (step) => step.tokensComputed),
      tokensComputedIdle: total(later, (step) => step.tokensComputedIdle),
      tokensComputedWithoutReuse: withoutReuse - (first?.tokensComputed ?? 0),
      steps,
    };
  } finally {
    await index.close();
  }
}

async function takeStep(assistant: Assistant, index: RepositoryIndex, name: string): Promise<Step> {
  const { added, changed, removed, renamed } = await index.refresh();
  const job = { index, engine: assistant.engine.native };
  const atOnce = await indexRepository(job);
  const idle = await indexRepository({ ...job, exact: true });
  return {
    step: name,
    filesChanged: added.length + changed.length + removed.length + renamed.length,
    tokensComputed: atOnce.tokensComputed,
    tokensReused: atOnce.tokensReused,
    staleSegments: atOnce.staleSegments,
    tokensComputedIdle: idle.tokensComputed,
    seconds: atOnce.seconds,
  };
}

/** Adds a comment to the line in the middle of a file. */
async function editLine(root: string, file: string): Promise<void> {
  const full = path.join(root, ...file.split('/'));
  const lines = (await readFile(full, 'utf8')).split('\n');
  const middle = Math.floor(lines.length / 2);
  lines[middle] = `${lines[middle] ?? ''} // edited`;
  await writeFile(full, lines.join('\n'));
}

/** Main line first; where that is too short, all commits in an order that keeps parents first. */
async function lastCommits(folder: string, count: number): Promise<string[]> {
  const log = async (...order: string[]): Promise<string[]> => {
    const args = ['log', ...order, '--format=%H', `--max-count=${String(count)}`, '--', folder];
    const output = await capture('git', args, { cwd: projectRoot() });
    return output.split('\n').filter((line) => line !== '');
  };
  const mainLine = await log('--first-parent');
  const hashes = mainLine.length >= count ? mainLine : await log('--topo-order', '--no-merges');
  return hashes.reverse();
}

async function checkOut(work: string, hash: string | undefined): Promise<void> {
  await git(work, 'checkout', '--quiet', '--force', hash ?? 'HEAD');
}

async function commitAll(work: string, message: string): Promise<void> {
  const author = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
  await git(work, 'add', '--all');
  await git(work, ...author, 'commit', '--quiet', '--no-gpg-sign', '--message', message);
}

function git(folder: string, ...args: string[]): Promise<string> {
  return capture('git', args, { cwd: folder });
}

function total(steps: readonly Step[], pick: (step: Step) => number): number {
  return steps.reduce((sum, step) => sum + pick(step), 0);
}
