// npm run bench -- retrieval: whether the working set holds the line that answers a question, over
// the question set. Nothing is answered: it takes seconds, and shows what a change of ranking,
// cutting or following does before answers are counted (bench quality).
//
//   --model ID|PATH   (its tokeniser cuts the passages)   --repos a,b
//   --passages N   --follow N   as `leoam ask` has them

import { openAssistant, openRepositoryFor, type Assistant } from '../../server/assistant.js';
import { defaultSelection, selectWorkingSet } from '../../server/retrieval/workingSet.js';
import type { QualityRepo, Question } from '../quality/load.js';
import { chosenRepos, repositoryFolder } from './repositories.js';
import { mean } from './statistics.js';
import { benchHome, benchModel, benchOptions, countOption, listOption, note } from './support.js';

interface Looked {
  repo: string;
  kind: Question['kind'];
  /** Of the working set: a passage of the file that answers, one with the line that does. */
  hasFile: boolean;
  hasLine: boolean;
  tokens: number;
}

interface Found {
  n: number;
  /** Percent of the questions. */
  file: number;
  line: number;
  /** Of the working set, mean. */
  tokens: number;
}

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['repos', 'passages', 'follow']);
  const repos = values.repos === undefined ? undefined : listOption(values.repos, []);
  const passages = countOption('passages', values.passages, defaultSelection.passages);
  const follow = countOption('follow', values.follow, defaultSelection.follow);
  const model = await benchModel(values.model);
  const assistant = await openAssistant({ home: await benchHome(), model: model.path });
  const looked: Looked[] = [];
  try {
    for (const repo of await chosenRepos(repos)) {
      note(`${repo.name}: ${String(repo.questions.length)} questions`);
      looked.push(...(await look(assistant, repo, { passages, follow })));
    }
  } finally {
    await assistant.dispose();
  }
  const kinds = [...new Set(looked.map(({ kind }) => kind))].sort();
  const names = [...new Set(looked.map(({ repo }) => repo))];
  return {
    passages,
    follow,
    all: found(looked),
    ofEachKind: Object.fromEntries(
      kinds.map((kind) => [kind, found(looked.filter((one) => one.kind === kind))]),
    ),
    ofEachRepo: Object.fromEntries(
      names.map((name) => [name, found(looked.filter(({ repo }) => repo === name))]),
    ),
  };
}

async function look(
  assistant: Assistant,
  repo: QualityRepo,
  selection: { passages: number; follow: number },
): Promise<Looked[]> {
  const repository = await openRepositoryFor(assistant, await repositoryFolder(repo));
  try {
    const looked: Looked[] = [];
    for (const { question, kind, source, line } of repo.questions) {
      const { evidence, tokens } = await selectWorkingSet(repository, question, {
        ...defaultSelection,
        ...selection,
      });
      const ofFile = evidence.filter(({ path }) => path === source);
      looked.push({
        ...{ repo: repo.name, kind, tokens, hasFile: ofFile.length > 0 },
        hasLine: ofFile.some(({ startLine, endLine }) => startLine <= line && line <= endLine),
      });
    }
    return looked;
  } finally {
    await repository.close();
  }
}

function found(looked: readonly Looked[]): Found {
  const percent = (of: (one: Looked) => boolean): number =>
    100 * mean(looked.map((one) => Number(of(one))));
  return {
    n: looked.length,
    file: percent(({ hasFile }) => hasFile),
    line: percent(({ hasLine }) => hasLine),
    tokens: mean(looked.map(({ tokens }) => tokens)),
  };
}
