// The question set: packages that are development dependencies anyway, each changed in a
// few places (overlay) so that no model can know the answers by heart, and questions with
// the line that answers them.
//
//   test/quality/<repo>.repo.json   which package, which folder of it, and the overlay
//   test/quality/<repo>.jsonl       one question a line
//   test/quality/slice.json         ids of the questions that `npm test` asks
//   test/quality/large/             a package of 250,000 tokens in the same form but unchanged: it is
//                                   asked about where a bench names it, and mode `none` says what
//                                   the model knows by heart
//
// loadRepos() reads the set, loadLargeRepo() what is beside it; materialise() writes a (changed)
// copy of the package.

import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

// A value or a name; a place; a thing named in one file and defined in another; an invented
// constant of the overlay.
export const questionKinds = ['fact', 'where', 'two-file', 'planted'] as const;

const questionSchema = z
  .strictObject({
    id: z.string().min(1),
    kind: z.enum(questionKinds),
    question: z.string().min(1),
    /** Any of these strings makes an answer right. */
    answers: z.array(z.string().min(1)).min(1).optional(),
    /** All of these strings are needed. */
    mustAll: z.array(z.string().min(1)).min(1).optional(),
    /** File that holds the answer, relative to the repository, forward slashes. */
    source: z.string().min(1),
    /** 1-based line of the answer, after the overlay. */
    line: z.int().positive(),
    /** The file that a two-file question names. */
    source2: z.string().min(1).optional(),
    /** Few content words of the question occur around the answer's line. */
    reworded: z.boolean().optional(),
  })
  .refine((question) => (question.answers === undefined) !== (question.mustAll === undefined), {
    message: 'needs either `answers` or `mustAll`',
  });

/** One question with its accepted answers and the place that holds them. */
export type Question = z.infer<typeof questionSchema>;

const changeSchema = z.strictObject({
  path: z.string().min(1),
  find: z.string().min(1),
  replace: z.string(),
});

type OverlayChange = z.infer<typeof changeSchema>;

const repoSchema = z.strictObject({
  name: z.string().min(1),
  /** npm package that is copied out of node_modules. */
  package: z.string().min(1),
  /** Exact version for which overlay and lines were written. */
  version: z.string().min(1),
  /** Folder of the package that plays the repository. */
  folder: z.string().min(1),
  /** Further folders of the package, copied beside that one's content under their own names. */
  also: z.array(z.string().min(1)).default([]),
  /** Files with these endings are not copied: generated text that repeats the sources. */
  skip: z.array(z.string().min(1)).default([]),
  overlay: z.array(changeSchema),
});

/** One repository of the set together with its questions. */
export type QualityRepo = z.infer<typeof repoSchema> & { questions: Question[] };

/** Root of the project, found upward so that it works from sources and from out/. */
export function projectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) {
      throw new Error('No package.json above the question set; run from inside the project.');
    }
    folder = parent;
  }
  return folder;
}

/** Reads every repository of the set, sorted by name; the large ones are not of it. */
export async function loadRepos(): Promise<QualityRepo[]> {
  const folder = path.join(projectRoot(), 'test', 'quality');
  const names = (await readdir(folder))
    .filter((name) => name.endsWith('.repo.json'))
    .map((name) => name.slice(0, -'.repo.json'.length))
    .sort();
  return Promise.all(names.map((name) => loadRepo(folder, name)));
}

/** A large repository by name, with questions; undefined if there is none of that name. */
export async function loadLargeRepo(name: string): Promise<QualityRepo | undefined> {
  const folder = path.join(projectRoot(), 'test', 'quality', 'large');
  return existsSync(path.join(folder, `${name}.repo.json`)) ? loadRepo(folder, name) : undefined;
}

/** Ids of the questions that are part of `npm test`; all belong to one small repository. */
export async function loadSlice(): Promise<string[]> {
  const file = path.join(projectRoot(), 'test', 'quality', 'slice.json');
  return parse(z.array(z.string()), await readFile(file, 'utf8'), file);
}

/**
 * Copies the package's folder to `targetFolder`, which it creates, and applies the overlay.
 * Throws if the package is missing or of another version, or if a `find` does not occur
 * exactly once in its file.
 */
export async function materialise(repo: QualityRepo, targetFolder: string): Promise<void> {
  const packageFolder = path.join(projectRoot(), 'node_modules', repo.package);
  await checkVersion(repo, packageFolder);
  await mkdir(targetFolder, { recursive: true });
  const filter = (source: string): boolean => !repo.skip.some((ending) => source.endsWith(ending));
  const copy = (from: string, to: string): Promise<void> =>
    cp(path.join(packageFolder, from), to, { recursive: true, filter });
  await copy(repo.folder, targetFolder);
  for (const folder of repo.also) {
    await copy(folder, path.join(targetFolder, folder));
  }
  for (const change of repo.overlay) {
    await applyChange(repo, targetFolder, change);
  }
}

async function applyChange(
  repo: QualityRepo,
  folder: string,
  change: OverlayChange,
): Promise<void> {
  const file = path.join(folder, ...change.path.split('/'));
  const parts = (await readFile(file, 'utf8')).split(change.find);
  if (parts.length !== 2) {
    throw new Error(
      `${repo.name}.repo.json: ${JSON.stringify(change.find)} occurs ${String(parts.length - 1)} times in ${change.path}; it must occur exactly once.`,
    );
  }
  await writeFile(file, parts.join(change.replace));
}

async function loadRepo(folder: string, name: string): Promise<QualityRepo> {
  const repoFile = path.join(folder, `${name}.repo.json`);
  const repo = parse(repoSchema, await readFile(repoFile, 'utf8'), repoFile);
  const questionFile = path.join(folder, `${name}.jsonl`);
  const lines = (await readFile(questionFile, 'utf8')).split('\n');
  const questions = lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [parse(questionSchema, line, `${questionFile}:${String(index + 1)}`)],
  );
  return { ...repo, questions };
}

async function checkVersion(repo: QualityRepo, packageFolder: string): Promise<void> {
  const manifest = path.join(packageFolder, 'package.json');
  if (!existsSync(manifest)) {
    throw new Error(`The package ${repo.package} is not installed; run \`npm ci\`.`);
  }
  const { version } = parse(
    z.object({ version: z.string() }),
    await readFile(manifest, 'utf8'),
    manifest,
  );
  if (version !== repo.version) {
    throw new Error(
      `${repo.package} is installed in version ${version}, but ${repo.name}.repo.json was written for ${repo.version}; install that version or renew the questions.`,
    );
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${where} is not valid JSON.`);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new Error(`${where} does not have the expected shape: ${z.prettifyError(result.error)}`);
  }
  return result.data;
}
