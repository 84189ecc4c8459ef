import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { viewStrings } from '../../extension/shared/strings.js';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { recordedStream, recordStream } from './streamRecord.js';
import type { TurnPage } from './turnPage.js';
import { until } from './until.js';
import { useWindow } from './window.js';

/** VS Code in the browser writes down what views remember every five seconds. */
const rememberedMs = 6_000;

describe('the chat in VS Code @slow', function () {
  this.timeout(300_000);
  const firstQuestion = 'How many items fit into a basket at most?';
  let host: CodeHost;
  let chat: ChatPage;
  let turns = 0;

  useWindow(
    async () => ({
      folder: await temporaryRepository(shopFiles),
      settings: { 'leoam.chat.maxTokens': 200 },
      // Low, so that two turns are more than fits.
      viewport: { width: 1280, height: 520 },
    }),
    (opened) => ({ host, chat } = opened),
  );

  async function ask(question: string): Promise<TurnPage> {
    const turn = await chat.ask(question);
    turns++;
    await turn.waitForAnswer();
    return turn;
  }

  it('shows the passages before the first word, and the words as they come', async () => {
    await recordStream(host);
    const turn = await ask(firstQuestion);
    assert.ok((await turn.answer()).length > 0);
    const moments = await recordedStream(host);
    const seen = JSON.stringify(moments);
    const firstWords = moments.findIndex(({ letters }) => letters > 0);
    assert.ok(
      moments.slice(0, firstWords).some(({ sources }) => sources > 0),
      seen,
    );
    assert.ok(new Set(moments.map(({ letters }) => letters)).size > 2, seen);
  });

  it('opens the cited lines in the editor', async () => {
    const turn = chat.turn(0);
    const [source] = await turn.sources();
    assert.ok(source, 'no sources');
    await turn.sourceButtons.first().click();
    const name = source.path.split('/').at(-1) ?? '';
    const { page } = host;
    await page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await until('the cursor is in the cited lines', async () => {
      const text = await page.locator('[id="status.editor.selection"]').innerText();
      const line = Number(/Ln (\d+)/u.exec(text)?.[1]);
      return line >= source.startLine && line <= source.endLine;
    });
  });

  it('tells in the fold-out what was looked at and what it cost', async () => {
    const turn = chat.turn(0);
    assert.equal(await turn.foldOut.getAttribute('open'), null);
    await turn.foldOut.getByText(viewStrings.lookedAt).click();
    assert.ok(await turn.foldOut.getByText(viewStrings.computed, { exact: true }).isVisible());
    assert.ok((await turn.count(viewStrings.computed)) > 0);
    assert.ok((await turn.count(viewStrings.repository)) > 0);
    await turn.foldOut.getByText(viewStrings.lookedAt).click();
  });

  it('answers a second question without reading anything of the folder again', async () => {
    await host.waitForStatus('LeoAM: ready', 120_000);
    const turn = await ask('And from which total is shipping free?');
    assert.equal(await turn.count(viewStrings.computedRepository), 0);
    assert.ok((await turn.count(viewStrings.reused)) > 0);
  });

  it('has turns and reading position after the window is reloaded', async () => {
    const wanted = 30;
    await chat.scrollTo(wanted);
    assert.ok(Math.abs((await chat.scrollTop()) - wanted) <= 2, 'the transcript does not scroll');
    await sleep(rememberedMs);
    await host.reload();
    await chat.openSidebar();
    await chat.waitForTurns(turns);
    await until(
      `the transcript is at ${wanted} px`,
      async () => Math.abs((await chat.scrollTop()) - wanted) <= 2,
    );
  });

  it('reads nothing of the folder again after the window is reloaded', async () => {
    const turn = await ask('What does the basket do when it is full?');
    assert.equal(await turn.count(viewStrings.computedRepository), 0);
  });

  it('has the chat, and reads nothing again, after everything was restarted', async () => {
    await host.restartServer();
    await chat.openSidebar();
    await chat.waitForTurns(turns);
    const turn = await ask('Which file holds the limits?');
    assert.equal(await turn.count(viewStrings.computedRepository), 0);
  });

  it('keeps what was written when an answer is stopped, and goes on from there', async () => {
    const turn = await stoppedTurn();
    const written = await turn.answer();
    assert.ok(written.length > 0);
    await turn.button(viewStrings.continueAnswer).click();
    await turn.waitFor('waiting', 'streaming', 'done');
    await turn.waitForAnswer();
    const whole = await turn.answer();
    assert.ok(whole.startsWith(written.slice(0, 10)), `${written}\n---\n${whole}`);
    assert.ok(whole.length >= written.length, `${written}\n---\n${whole}`);
  });

  /** A small model may end before it can be stopped: then it is asked once more. */
  async function stoppedTurn(): Promise<TurnPage> {
    for (let tries = 1; ; tries++) {
      const turn = await chat.ask(`Tell everything about the shop, line by line. (${tries})`);
      turns++;
      await turn.waitFor('streaming', 'done', 'failed');
      await chat.stop();
      await turn.waitFor('done', 'stopped', 'failed');
      const state = await turn.state();
      if (state === 'stopped') {
        return turn;
      }
      assert.ok(state === 'done' && tries < 5, `${state} after ${tries} tries`);
    }
  }

  it('begins a new chat, and finds the earlier one in the list', async () => {
    await chat.newChat();
    await chat.waitForTurns(0);
    await chat.openChat(firstQuestion);
    await chat.waitForTurns(turns);
    await host.screenshot('chat');
  });
});
