import assert from 'node:assert/strict';
import { longShop, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { languageServers } from './processes.js';
import type { TurnPage } from './turnPage.js';
import { until } from './until.js';
import { useWindow } from './window.js';

describe('a language server that is killed in VS Code @slow', function () {
  this.timeout(600_000);
  const rounds = 5;
  let host: CodeHost;
  let chat: ChatPage;

  useWindow(
    async () => ({
      folder: await temporaryRepository(longShop()),
      // Slow, so that there is an answer to interrupt.
      settings: { 'leoam.threads': 1, 'leoam.chat.maxTokens': 150 },
    }),
    (opened) => ({ host, chat } = opened),
  );

  it('is started again when it dies while it reads the folder, and reads on', async () => {
    await host.waitForStatus('LeoAM: read');
    languageServers(host.serverPid).forEach((pid) => process.kill(pid, 'SIGKILL'));
    await until('another server runs', () => languageServers(host.serverPid).length === 1);
    await host.waitForStatus('LeoAM: ready', 120_000);
    assert.equal(await toastCount(), 0);
  });

  it('fails with one message, whose button gets the answer, five times in a row', async () => {
    for (let round = 1; round <= rounds; round++) {
      const turn = await interruptedTurn(round);
      assert.ok((await turn.problem.innerText()).trim().length > 0);
      assert.equal(await chat.view.locator('.problem').count(), 1, `round ${round}`);
      assert.equal(await toastCount(), 0, `round ${round}: VS Code shows a message as well`);

      await turn.button('Try again').click();
      await turn.waitFor('waiting', 'streaming', 'done');
      await turn.waitForAnswer();
      assert.equal(await chat.view.locator('.problem').count(), 0, `round ${round}`);
      await until('one server runs', () => languageServers(host.serverPid).length === 1);
    }
  });

  it('leaves the chat as it was, also for the next window', async () => {
    const count = await chat.turnCount();
    assert.ok(count >= rounds);
    const answers = await answersOf(count);
    await host.reload();
    await chat.openSidebar();
    await chat.waitForTurns(count);
    assert.deepEqual(await answersOf(count), answers);
  });

  it('answers the next question', async () => {
    const turn = await chat.ask('When is shipping free?');
    await turn.waitForAnswer();
  });

  /** A small model may end before the server is killed: then it is asked once more. */
  async function interruptedTurn(round: number): Promise<TurnPage> {
    for (let tries = 1; ; tries++) {
      const turn = await chat.ask(`Explain every price, one after the other. (${round}, ${tries})`);
      await turn.waitFor('streaming', 'done', 'failed');
      languageServers(host.serverPid).forEach((pid) => process.kill(pid, 'SIGKILL'));
      await turn.waitFor('done', 'failed');
      if ((await turn.state()) === 'failed') {
        return turn;
      }
      assert.ok(tries < 5, `the answer was always faster, ${tries} times`);
    }
  }

  function toastCount(): Promise<number> {
    const toasts = host.page.locator('.notifications-toasts .notification-toast');
    return toasts.filter({ hasText: /LeoAM|server/iu }).count();
  }

  function answersOf(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => chat.turn(index).answer()));
  }
});
