import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { viewStrings } from '../../extension/shared/strings.js';
import type { ChatPage } from './chatPage.js';
import type { Environment } from './environment.js';
import type { CodeHost } from './host.js';
import {
  hostileFolder,
  longPath,
  obedientChat,
  secret,
  type HostileFolder,
} from './hostileFolder.js';
import { languageServers, networkSockets } from './processes.js';
import { useWindow } from './window.js';

/** Long enough for an image or a frame to be asked for. */
const settleMs = 1_000;

/** Elements that load, send or run something. */
const activeElements = [
  ...['img', 'image', 'picture', 'video', 'audio', 'source', 'iframe', 'object', 'embed'],
  ...['svg', 'form', 'base', 'a[href]', '[src]:not(script)', '[style*="url"]'],
  ...['[onerror]', '[onload]', '[onclick]'],
];

describe('a folder that means harm @slow', function () {
  this.timeout(300_000);
  let environment: Environment;
  let hostile: HostileFolder;
  let host: CodeHost;
  let chat: ChatPage;

  useWindow(
    async () => {
      hostile = await hostileFolder();
      // Trusted: the worst case. VS Code's own git would start what .git/config names.
      const settings = { 'leoam.chat.maxTokens': 80, 'git.enabled': false };
      return { folder: hostile.folder, settings };
    },
    (opened) => ({ environment, host, chat } = opened),
  );

  it('is answered about like any other', async () => {
    const turn = await chat.ask('What does README.md say, word by word?');
    await turn.waitForAnswer();
    assert.ok((await turn.sources()).length > 0);
    await host.waitForStatus('LeoAM: ready', 120_000);
  });

  it('does not choose the model, nor where things are kept', async () => {
    assert.equal(await chat.turn(0).figure(viewStrings.model), basename(environment.model));
    assert.ok(!existsSync(hostile.wantedHome), hostile.wantedHome);
  });

  it('gets nothing read that lies outside of it', async () => {
    const turn = await chat.ask(`What is the value of ${secret}?`);
    await turn.waitForAnswer();
    const paths = (await turn.sources()).map(({ path }) => path);
    assert.ok(paths.every((path) => !path.startsWith('shared') && !path.endsWith('keys.ts')));
  });

  it('gets no program of its .git/config started', async () => {
    await writeFile(
      join(hostile.folder, 'src', 'page.ts'),
      '// Edited, so that git would compare.\n',
    );
    await host.command('LeoAM: Look for Changes and Read Them');
    const turn = await chat.ask('What is in page.ts now?');
    await turn.waitForAnswer();
    assert.deepEqual(await readdir(hostile.markers), []);
  });

  it('is answered about with 200,000 lines open beside the question', async () => {
    await host.openFile(longPath);
    const turn = await chat.ask('What does this file do?');
    await turn.waitForAnswer();
    assert.equal(languageServers(host.serverPid).length, 1);
    await host.waitForStatus('LeoAM: ready');
  });

  it('loads, links and runs nothing, even if the model does all it is told', async () => {
    await chat.receive({ type: 'chat', chat: obedientChat });
    await chat.waitForTurns(1);
    await sleep(settleMs);
    for (const selector of activeElements) {
      const found = await chat.view.locator(`#app ${selector}`).count();
      assert.equal(found, 0, `${found} of ${selector}`);
    }
    const answer = await chat.turn(0).answer();
    assert.match(answer, /leak\.example\.invalid/u, 'the reader should see where it would lead');
    await host.screenshot('hostile');
  });

  it('shows what is hidden in file names', async () => {
    const names = (await chat.turn(0).sources()).map(({ path }) => path);
    assert.ok(names[0]?.includes('<U+202E>'), names.join(' '));
    const direction = await host.evaluateInChat<boolean>(
      `[...document.querySelectorAll('bdi, .bar, button')].some((shown) =>
        /[\\u202A-\\u202E\\u2066-\\u2069]/u.test(shown.textContent + shown.title))`,
    );
    assert.ok(!direction, 'a name can still turn the text around');
  });

  it('ran no script', async () => {
    const inChat = 'window.leoamScriptRan === undefined';
    assert.ok(await host.evaluateInChat<boolean>(inChat));
    assert.ok(await host.page.evaluate<boolean>(inChat));
  });

  it('made the window ask for nothing beyond this machine', () => {
    const foreign = host.requests.filter((address) => !isLocal(address));
    assert.deepEqual([...new Set(foreign)], []);
  });

  it('is served without a socket', function () {
    if (process.platform !== 'linux') {
      console.log('skipped: sockets are read from /proc, which is on Linux only');
      this.skip();
    }
    const [pid] = languageServers(host.serverPid);
    assert.ok(pid !== undefined, 'no language server runs');
    assert.deepEqual(networkSockets(pid), []);
  });
});

/** VS Code's server, what the page makes itself, and what its service worker answers. */
function isLocal(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return (
    ['data:', 'blob:', 'about:'].includes(protocol) ||
    hostname === '127.0.0.1' ||
    hostname.endsWith('.vscode-resource.vscode-cdn.net')
  );
}
