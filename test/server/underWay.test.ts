// What may happen to the language server while it is at work: stops before there is anything to
// stop, saved files, other branches, a store that is full, many chats.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import { homeFolder, modelPath } from '../../server/models/index.js';
import {
  homeWithModel,
  shopFiles,
  smallModel,
  temporaryFolder,
  temporaryRepository,
} from './setup.js';
import { Window } from './languageServer.js';

describe('language server under way @slow', function () {
  this.timeout(120_000);
  let root: string;
  let home: string;
  let window: Window | undefined;

  before(async () => {
    root = await temporaryRepository(shopFiles);
  });

  beforeEach(async () => {
    home = await homeWithModel();
  });

  afterEach(async () => {
    await window?.close();
    window = undefined;
  });

  const question = 'How many items fit into a basket at most?';
  const open = async (...args: Parameters<typeof Window.open>): Promise<Window> => {
    window = await Window.open(...args);
    return window;
  };
  const last = (of: Window): Window['statuses'][number] | undefined => of.statuses.at(-1);

  it('gives a question up at once while the model is loaded, and loads it all the same', async () => {
    const opened = await open(root, home);
    const source = new CancellationTokenSource();
    const asked = opened.ask(question, {}, source.token);
    source.cancel();
    await assert.rejects(asked, /Cancelled/u);
    assert.ok(!opened.statuses.some(({ state }) => state === 'answering'));
    await opened.until(() => last(opened)?.state === 'ready');
    assert.notEqual((await opened.ask(question)).answer, '');
  });

  it('gives up a rewriting that was cancelled, and proposes no half of it', async () => {
    const opened = await open(root, home);
    await opened.until(() => last(opened)?.state === 'ready');
    const source = new CancellationTokenSource();
    const params = {
      folder: opened.folder,
      instruction: 'write every line ten times',
      code: { path: 'src/limits.ts', startLine: 1, endLine: 1, text: 'const a = 1;' },
      maxTokens: 2000,
    };
    const rewriting = opened.connection.sendRequest('leoam/chat/rewrite', params, source.token);
    await opened.until(() => last(opened)?.state === 'answering');
    setTimeout(() => source.cancel(), 300);
    await assert.rejects(rewriting, /Cancelled/u);
  });

  it('reads nothing by itself when it is told so, and all when asked to', async () => {
    const opened = await open(root, home, { readInBackground: false });
    await opened.until(() => last(opened)?.state === 'paused');
    assert.equal(last(opened)?.folders[0]?.read, 0);
    await opened.connection.sendRequest('leoam/index/resume', {});
    await opened.until(() => last(opened)?.state === 'ready');
    assert.equal(last(opened)?.folders[0]?.read, 1);
  });

  it('says that the budget of the store is used up, and answers', async () => {
    const opened = await open(root, home, { storeBudgetGib: 1e-4 });
    await opened.until(() => last(opened)?.health === 'warning' && last(opened)?.state === 'ready');
    assert.match(last(opened)?.message ?? '', /budget of the store is used up.*when a question/u);
    assert.deepEqual(last(opened)?.actions, ['resume']);
    assert.notEqual((await opened.ask(question)).answer, '');
  });

  it('says that the disk is full, and answers', async function () {
    const tiny = `mkdir -p '${home}/store' && mount -t tmpfs -o size=300k none '${home}/store'`;
    if (spawnSync('unshare', ['-rm', 'sh', '-c', tiny]).status !== 0) {
      this.skip(); // a small disk of our own needs Linux namespaces
    }
    const wrap = ['unshare', '-rm', 'sh', '-c', `${tiny} && exec "$@"`, 'sh'];
    const opened = await open(root, home, {}, wrap);
    await opened.until(() => last(opened)?.health === 'warning' && last(opened)?.state === 'ready');
    assert.match(last(opened)?.message ?? '', /(space|full).*when a question needs it/u);
    assert.notEqual((await opened.ask(question)).answer, '');
  });

  it('follows a switch of the branch within a second', async () => {
    const repository = await temporaryRepository(shopFiles);
    const git = (...args: string[]): void => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.c'];
      execFileSync('git', [...identity, '-C', repository, ...args], { stdio: 'ignore' });
    };
    git('init', '-b', 'main');
    git('add', '.');
    git('commit', '-m', 'shop');
    git('switch', '-c', 'small');
    git('rm', '-r', 'src');
    git('commit', '-m', 'less');
    git('switch', 'main');
    const opened = await open(repository, home);
    await opened.until(() => last(opened)?.state === 'ready');
    assert.equal(last(opened)?.folders[0]?.files, 3);
    const switched = performance.now();
    git('switch', 'small');
    await opened.changed('src/limits.ts');
    await opened.until(() => last(opened)?.folders[0]?.files === 1);
    const back = performance.now();
    git('switch', 'main');
    await opened.changed('src/limits.ts');
    await opened.until(() => last(opened)?.folders[0]?.files === 3);
    const seconds = [back - switched, performance.now() - back].map((ms) => ms / 1000);
    console.log(
      `figure: another branch is known after ${seconds.map((s) => s.toFixed(2)).join(' and ')} s`,
    );
    assert.ok(seconds.every((s) => s < 1));
    // What was read stands in the store, whichever branch is checked out.
    const { counters } = await opened.ask(question);
    assert.equal(counters.repoTokensComputed, 0);
  });

  it('keeps the KV of the latest chats only, and takes an older one up again', async function () {
    const opened = await open(root, home);
    await opened.until(() => last(opened)?.state === 'ready');
    const { answer } = await opened.ask(question, { chat: 'first' });
    await opened.ask(question, { chat: '2', maxTokens: 4 });
    const before = residentMegabytes(opened.process.pid);
    for (const chat of ['3', '4', '5']) {
      await opened.ask(question, { chat, maxTokens: 4 });
    }
    const earlier = [{ turn: '1', question, answer }];
    const again = await opened.ask('Which constant says so?', {
      chat: 'first',
      turn: '2',
      earlier,
    });
    assert.equal(again.counters.repoTokensComputed, 0);
    if (before === undefined) {
      this.skip(); // only Linux tells what is resident
    }
    const grown = (residentMegabytes(opened.process.pid) ?? 0) - before;
    console.log(`figure: four more chats take ${Math.round(grown)} MB more`);
    assert.ok(grown < 300);
  });

  it('fetches a model when asked to, opens what waited for it, and keeps the one in use', async () => {
    const source = dirname(modelPath(homeFolder(), smallModel));
    const opened = await open(root, await temporaryFolder('empty'), { fetchModel: false }, [
      'env',
      `LEOAM_MODEL_DIR=${source}`,
    ]);
    await opened.until(() => last(opened)?.state === 'noModel');
    assert.equal(last(opened)?.detail?.kind, 'noModel');
    const { connection } = opened;
    const { id }: { id: string } = await connection.sendRequest('leoam/models/fetch', {});
    assert.equal(id, smallModel);
    await opened.until(() => last(opened)?.state === 'ready');
    assert.notEqual((await opened.ask(question)).answer, '');
    await assert.rejects(connection.sendRequest('leoam/models/remove', { id }), /in use/u);
  });

  it('tells of a folder that it cannot open, beside one that it can', async () => {
    const opened = await open(root, home);
    const uri = pathToFileURL('/nowhere/at/all').href;
    await opened.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [{ uri, name: 'gone' }], removed: [] },
    });
    await opened.until(() => last(opened)?.health === 'warning' && last(opened)?.state === 'ready');
    assert.match(last(opened)?.message ?? '', /\/nowhere\/at\/all/u);
  });
});

function residentMegabytes(pid = 0): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}
