import assert from 'node:assert/strict';
import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shopFiles, temporaryFolder, temporaryRepository } from '../server/setup.js';
import { ChatPage } from './chatPage.js';
import { environmentOrSkip, type Environment } from './environment.js';
import { CodeHost, type HostOptions } from './host.js';

describe('a window that LeoAM cannot fully work in @slow', function () {
  this.timeout(300_000);
  let environment: Environment;
  let host: CodeHost | undefined;

  before(function () {
    environment = environmentOrSkip(this);
  });

  afterEach(async function () {
    await host?.recordFailure(this.currentTest);
    await host?.close();
    host = undefined;
  });

  async function open(options: HostOptions): Promise<{ host: CodeHost; chat: ChatPage }> {
    const started = await CodeHost.start(environment, options);
    host = started;
    await started.open();
    return { host: started, chat: new ChatPage(started) };
  }

  it('without a folder it offers to open one', async () => {
    const { host: shown, chat } = await open({});
    await chat.openContainer();
    const sidebar = shown.page.locator('.part.sidebar');
    await sidebar.getByRole('button', { name: 'Open a folder' }).waitFor();
    await shown.screenshot('no-folder');
  });

  it('in a folder that is not trusted it answers, and runs nothing of the folder', async () => {
    const folder = await temporaryRepository(shopFiles);
    const settings = { 'leoam.chat.maxTokens': 60 };
    const { host: shown, chat } = await open({ folder, settings, isUntrusted: true });
    await shown.waitForStatus('Restricted Mode');
    await chat.openSidebar();
    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitForAnswer();
    assert.ok((await turn.sources()).length > 0);
    await shown.waitForStatus('LeoAM: ready');
    await chat.view.getByText('This folder is not trusted').first().waitFor();
    await chat.button('Manage trust').first().waitFor();
    await shown.screenshot('untrusted');
  });

  it('with a model file that is none it says which, and offers to choose another', async () => {
    const folder = await temporaryRepository(shopFiles);
    const broken = join(await temporaryFolder('model'), 'broken.gguf');
    await writeFile(broken, 'This is not a model.\n');
    const { host: shown, chat } = await open({ folder, settings: { 'leoam.modelPath': broken } });
    await chat.openSidebar();
    await shown.waitForStatus('LeoAM: error');
    await chat.view.getByText('broken.gguf').first().waitFor();
    await chat.button('Choose a model').first().waitFor();

    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitFor('failed');
    assert.match(await turn.problem.innerText(), /broken\.gguf/u);
    await shown.screenshot('broken-model');
  });

  it('with a model that is larger than the memory it says so before loading it', async () => {
    const folder = await temporaryRepository(shopFiles);
    const huge = join(await temporaryFolder('model'), 'huge.gguf');
    await writeFile(huge, 'GGUF');
    await truncate(huge, 4 * 1024 ** 4); // sparse: nothing of it is on the disk
    const { host: shown, chat } = await open({ folder, settings: { 'leoam.modelPath': huge } });
    await chat.openSidebar();
    await shown.waitForStatus('LeoAM: error');
    await chat.view.getByText('huge.gguf takes 4398.0 GB of memory').first().waitFor();
    await chat.button('Choose a model').first().waitFor();
    await shown.screenshot('model-too-large');
  });

  it('with a store that may not grow it says why it reads no more, and answers', async () => {
    const folder = await temporaryRepository(shopFiles);
    const { host: shown, chat } = await open({
      folder,
      settings: { 'leoam.storeBudgetGib': 1e-4, 'leoam.chat.maxTokens': 40 },
    });
    await chat.openSidebar();
    await chat.view.getByText('The budget of the store is used up').first().waitFor();
    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitForAnswer();
    assert.ok((await turn.sources()).length > 0);
    await shown.screenshot('store-full');
  });

  it('without its engine it says which package this machine needs', async () => {
    const folder = await temporaryRepository(shopFiles);
    const started = await CodeHost.start(environment, { folder });
    host = started;
    const extensions = join(started.state, 'extensions');
    const [installed = ''] = (await readdir(extensions)).filter((name) => name.startsWith('leoam'));
    await rm(join(extensions, installed, 'dist', 'native', 'leoam.node'));
    await started.open();
    const chat = new ChatPage(started);
    await chat.openSidebar();
    await started.waitForStatus('LeoAM: error');
    await chat.view.getByText(`${process.platform}-${process.arch}`).first().waitFor();
    await started.screenshot('no-engine');
  });

  it('without a model and a network it says what is missing, and offers to get it', async () => {
    const folder = await temporaryRepository(shopFiles);
    const settings = { 'leoam.modelPath': '', 'leoam.model': 'qwen2.5-coder-3b-instruct-q4_k_m' };
    const env = { LEOAM_OFFLINE: '1' };
    const { host: shown, chat } = await open({ folder, settings, env });
    await chat.openSidebar();
    await shown.waitForStatus('LeoAM: no model');
    await shown.screenshot('no-model');
    const turn = await chat.ask('How many items fit into a basket at most?');
    await turn.waitFor('failed');
    assert.match(await turn.problem.innerText(), /not on this machine/u);
    await turn.button('Download the model').click();
    const message = shown.page.locator('.notifications-toasts .notification-toast');
    await message.filter({ hasText: 'LEOAM_OFFLINE' }).first().waitFor();
    await shown.waitForStatus('LeoAM: no model');
  });

  it('in an empty folder it says that there is nothing to read', async () => {
    const folder = await temporaryFolder('empty');
    const { chat } = await open({ folder });
    await chat.openSidebar();
    const turn = await chat.ask('What is this?');
    await turn.waitFor('failed');
    assert.match(await turn.problem.innerText(), /holds no file/u);
  });
});
