// npm run bench -- window: what LeoAM takes in a real VS Code (code-server in headless Chromium)
// on a repository that the store holds: from the opened window, and from the click on LeoAM, to
// "ready"; to the first word of a first question; memory; what the extension adds at start.
//
//   --model ID|PATH   --repo ky   --rounds N (3)   --threads N

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openAssistant } from '../../server/assistant.js';
import { viewStrings } from '../../extension/shared/strings.js';
import { ChatPage } from '../e2e/chatPage.js';
import { CodeHost } from '../e2e/host.js';
import { extensionHosts, languageServers, residentBytes } from '../e2e/processes.js';
import { chosenRepos, openIndexed, repositoryFolder } from './repositories.js';
import { median } from './statistics.js';
import {
  announce,
  benchHome,
  benchModel,
  benchOptions,
  countOption,
  describeDevice,
  threadsOption,
} from './support.js';

const secondsPerRound = 40;
const question = 'Where are retries counted?';

interface Round {
  openToReadyMs: number;
  clickToReadyMs: number;
  ttftMs: number;
  repoTokensComputed: number;
  serverBytes: number;
  serverOwnBytes: number;
  extensionHostBytes: number;
  activationMs: number;
}

export async function run(args: string[]): Promise<object> {
  const values = benchOptions(args, ['repo', 'rounds']);
  const { repo: name = 'ky' } = values;
  const rounds = countOption('rounds', values.rounds, 3);
  const threads = threadsOption(values.threads);
  announce(`${String(rounds)} windows`, rounds * secondsPerRound);
  const device = describeDevice();
  const [repo] = await chosenRepos([name]);
  if (repo === undefined) {
    throw new Error(`There is no repository "${name}".`);
  }
  const folder = await repositoryFolder(repo);
  const home = await benchHome();
  const model = await benchModel(values.model);
  const repoTokens = await readAll(home, model.path, folder);
  const all: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    all.push(await measure(folder, home, model.path, threads));
  }
  const middle = (key: keyof Round): number => median(all.map((one) => one[key]));
  return {
    model: model.id,
    ...device,
    threads,
    repo: repo.name,
    repoTokens,
    rounds,
    openToReadyMs: middle('openToReadyMs'),
    clickToReadyMs: middle('clickToReadyMs'),
    ttftMs: middle('ttftMs'),
    repoTokensComputed: Math.max(...all.map((one) => one.repoTokensComputed)),
    serverBytes: middle('serverBytes'),
    serverOwnBytes: middle('serverOwnBytes'),
    extensionHostBytes: middle('extensionHostBytes'),
    activationMs: middle('activationMs'),
  };
}

async function readAll(home: string, model: string, folder: string): Promise<number> {
  const assistant = await openAssistant({ home, model });
  try {
    const index = await openIndexed(assistant, folder);
    await index.close();
    return index.totalTokens;
  } finally {
    await assistant.dispose();
  }
}

/** A new VS Code with nothing of its own, so that nothing but the store is warm. */
async function measure(
  folder: string,
  home: string,
  model: string,
  threads: number,
): Promise<Round> {
  const state = await mkdtemp(path.join(tmpdir(), 'leoam-window-'));
  const environment = {
    vsix: process.env['LEOAM_TEST_VSIX'] ?? '',
    codeServer: process.env['LEOAM_TEST_CODE_SERVER'] ?? '',
    chromium: process.env['LEOAM_TEST_CHROMIUM'] ?? '',
    model,
    defaultModel: model,
  };
  const settings = { 'leoam.home': home, 'leoam.threads': threads, 'leoam.chat.maxTokens': 16 };
  const host = await CodeHost.start(environment, { folder, settings, state });
  try {
    const opened = performance.now();
    await host.open();
    const clicked = performance.now();
    const chat = new ChatPage(host);
    await chat.openSidebar();
    await host.waitForStatus('LeoAM: ready');
    const ready = performance.now();
    const turn = await chat.ask(question);
    await turn.waitForAnswer();
    await turn.foldOut.getByText(viewStrings.lookedAt).click();
    const [server = 0] = languageServers(host.serverPid);
    const [extensionHost = 0] = extensionHosts(host.serverPid);
    const memory = residentBytes(server);
    return {
      openToReadyMs: ready - opened,
      clickToReadyMs: ready - clicked,
      ttftMs: 1000 * Number.parseFloat(await turn.figure(viewStrings.firstWord)),
      repoTokensComputed: await turn.count(viewStrings.computedRepository),
      serverBytes: memory.all,
      serverOwnBytes: memory.own,
      extensionHostBytes: residentBytes(extensionHost).all,
      activationMs: await activationMs(host),
    };
  } finally {
    await host.close();
    await rm(state, { recursive: true, force: true });
  }
}

/** As VS Code's own list of running extensions tells it. */
async function activationMs(host: CodeHost): Promise<number> {
  await host.command('Developer: Show Running Extensions');
  const row = host.page.locator('.runtime-extensions-editor .monaco-list-row', {
    hasText: 'LeoAM',
  });
  const time = row.locator('.activation-time');
  await time.waitFor();
  return Number(/(\d+)\s*ms/u.exec(await time.innerText())?.[1]);
}
