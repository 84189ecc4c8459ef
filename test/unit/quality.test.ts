// The question set itself: overlays fit the installed packages, every answer stands where
// its question says, and the mix of kinds and of reworded questions is as promised.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  loadLargeRepo,
  loadRepos,
  loadSlice,
  materialise,
  type QualityRepo,
  type Question,
} from '../quality/load.js';
import { wordOverlap } from '../quality/words.js';

const answerReachLines = 3;
const rewordedOverlap = 1 / 3;
const minRewordedShare = 0.4;
const completeRepoCount = 4;
const minTotalQuestions = 300;

describe('quality questions', () => {
  let repos: QualityRepo[] = [];
  /** Those that are asked about beside the set, too. */
  let all: QualityRepo[] = [];

  before(async () => {
    repos = await loadRepos();
    const large = await loadLargeRepo('undici');
    assert.ok(large);
    all = [...repos, large];
  });

  it('exist', () => {
    assert.ok(repos.length > 0);
  });

  it('have ids that are unique over all repositories', () => {
    const ids = all.flatMap((repo) => repo.questions.map((question) => question.id));
    assert.deepEqual(duplicates(ids), []);
  });

  it('are never asked twice', () => {
    const texts = all.flatMap((repo) => repo.questions.map((question) => question.question));
    assert.deepEqual(duplicates(texts), []);
  });

  it('never contain their own answer', () => {
    const leaks = all
      .flatMap((repo) => repo.questions)
      .filter((q) => accepted(q).some((a) => q.question.toLowerCase().includes(a.toLowerCase())))
      .map((q) => q.id);
    assert.deepEqual(leaks, []);
  });

  it('name a second file exactly when they are of the two-file kind', () => {
    const wrong = all
      .flatMap((repo) => repo.questions)
      .filter(
        (q) => (q.kind === 'two-file') !== (q.source2 !== undefined && q.source2 !== q.source),
      )
      .map((q) => q.id);
    assert.deepEqual(wrong, []);
  });

  it('hold a fair share of every kind in every repository', () => {
    const least = { fact: 0.3, where: 0.15, 'two-file': 0.2, planted: 0.1 };
    const short = repos.flatMap((repo) =>
      Object.entries(least)
        .map(([kind, floor]) => ({ kind, floor, share: shareOf(repo, kind) }))
        .filter(({ share, floor }) => share < floor)
        .map(({ kind, share }) => `${repo.name}: ${percent(share)} ${kind}`),
    );
    assert.deepEqual(short, []);
  });

  it('are at least 300 over four repositories', () => {
    assert.ok(repos.length >= completeRepoCount, `only ${String(repos.length)} repositories`);
    const total = repos.reduce((sum, repo) => sum + repo.questions.length, 0);
    assert.ok(total >= minTotalQuestions, `only ${String(total)} questions`);
  });

  it('come from one repository that is large: some 60,000 tokens and more', async () => {
    const sizes = await Promise.all(
      repos.map((repo) => withCopy(repo, (folder) => bytesBelow(folder))),
    );
    const bytesPerToken = 4.9; // of fastify's code, counted with the default model
    assert.ok(Math.max(...sizes) / bytesPerToken > 60_000, sizes.join(' '));
  });

  it('offer the tests a slice of 40 questions on one repository', async () => {
    const slice = await loadSlice();
    assert.equal(new Set(slice).size, 40);
    const homes = repos.filter((repo) => repo.questions.some((q) => slice.includes(q.id)));
    assert.equal(homes.length, 1);
    const known = homes.flatMap((repo) => repo.questions.map((q) => q.id));
    assert.deepEqual(
      slice.filter((id) => !known.includes(id)),
      [],
    );
  });

  it('point at lines of the changed packages that hold the answers', async () => {
    const wrong = await findProblems(all, (question, lines) =>
      answeredBy(question, around(lines, question.line, answerReachLines))
        ? undefined
        : `nothing near line ${String(question.line)} says ${accepted(question).join(' or ')}`,
    );
    assert.deepEqual(wrong, []);
  });

  it("share few words with the answer's lines where they claim to be reworded", async () => {
    const wrong = await findProblems(repos, (question, lines) => {
      const overlap = wordOverlap(question.question, around(lines, question.line, 1));
      return question.reworded === true && overlap > rewordedOverlap
        ? `shares ${percent(overlap)} of its words`
        : undefined;
    });
    assert.deepEqual(wrong, []);
  });

  it('are reworded often enough in every repository', () => {
    const short = repos
      .map((repo) => ({ name: repo.name, share: rewordedShare(repo) }))
      .filter(({ share }) => share < minRewordedShare)
      .map(({ name, share }) => `${name}: ${percent(share)}`);
    assert.deepEqual(short, []);
  });

  it('come with overlays that move no line', () => {
    const moved = repos.flatMap((repo) =>
      repo.overlay
        .filter((change) => lineCount(change.find) !== lineCount(change.replace))
        .map((change) => `${repo.name}: ${change.path}: ${change.find}`),
    );
    assert.deepEqual(moved, []);
  });

  it('refuse an overlay whose text does not occur, naming text and file', async () => {
    const repo = firstOf(repos);
    const file = repo.overlay[0]?.path ?? '';
    const broken = { ...repo, overlay: [{ path: file, find: 'no such text', replace: '' }] };
    await assert.rejects(
      withCopy(broken, () => Promise.resolve()),
      (error: Error) => error.message.includes('no such text') && error.message.includes(file),
    );
  });

  it('refuse a package of another version, naming both versions', async () => {
    const repo = firstOf(repos);
    await assert.rejects(
      withCopy({ ...repo, version: '0.0.1' }, () => Promise.resolve()),
      (error: Error) => error.message.includes(repo.version) && error.message.includes('0.0.1'),
    );
  });
});

/**
 * Runs `check` on every question with the lines of its source in the changed package.
 * A source or source2 that does not exist is a problem too.
 */
async function findProblems(
  repos: QualityRepo[],
  check: (question: Question, lines: string[]) => string | undefined,
): Promise<string[]> {
  const problems: string[] = [];
  for (const repo of repos) {
    await withCopy(repo, async (copy) => {
      for (const question of repo.questions) {
        const lines = await readLines(copy, question.source);
        const problem = check(question, lines);
        if (problem !== undefined) {
          problems.push(`${question.id}: ${problem}`);
        }
        if (question.source2 !== undefined) {
          await readLines(copy, question.source2);
        }
      }
    });
  }
  return problems;
}

async function bytesBelow(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async (file) => (await stat(path.join(file.parentPath, file.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function withCopy<T>(repo: QualityRepo, use: (copy: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leoam-quality-'));
  try {
    await materialise(repo, folder);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readLines(folder: string, file: string): Promise<string[]> {
  return (await readFile(path.join(folder, ...file.split('/')), 'utf8')).split('\n');
}

/** The lines within `reach` of a 1-based line. */
function around(lines: string[], line: number, reach: number): string {
  return lines.slice(Math.max(0, line - 1 - reach), line + reach).join('\n');
}

/** A where-is question may be answered by the path of its source as well as by a symbol. */
function answeredBy(question: Question, near: string): boolean {
  if (question.mustAll !== undefined) {
    return question.mustAll.every((answer) => near.includes(answer));
  }
  const text = question.kind === 'where' ? `${question.source}\n${near}` : near;
  return accepted(question).some((answer) => text.includes(answer));
}

function accepted(question: Question): string[] {
  return question.answers ?? question.mustAll ?? [];
}

function shareOf(repo: QualityRepo, kind: string): number {
  return repo.questions.filter((q) => q.kind === kind).length / repo.questions.length;
}

function rewordedShare(repo: QualityRepo): number {
  return repo.questions.filter((q) => q.reworded === true).length / repo.questions.length;
}

function firstOf(repos: QualityRepo[]): QualityRepo {
  const repo = repos[0];
  assert.ok(repo);
  return repo;
}

function duplicates(values: string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function lineCount(text: string): number {
  return text.split('\n').length;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
