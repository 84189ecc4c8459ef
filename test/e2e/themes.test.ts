import assert from 'node:assert/strict';
import axe from 'axe-core';
import { viewStrings } from '../../extension/shared/strings.js';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { ChatPage } from './chatPage.js';
import type { CodeHost } from './host.js';
import { sampleChat, sampleStatus } from './sampleChat.js';
import { until } from './until.js';
import { useWindow } from './window.js';

/** A theme with the class that VS Code gives to the page of a view under it. */
const themes = [
  { name: 'dark', id: 'Default Dark Modern', kind: 'vscode-dark' },
  { name: 'light', id: 'Default Light Modern', kind: 'vscode-light' },
  { name: 'high-contrast', id: 'Default High Contrast', kind: 'vscode-high-contrast' },
  {
    name: 'high-contrast-light',
    id: 'Default High Contrast Light',
    kind: 'vscode-high-contrast-light',
  },
];

interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

describe('the looks of the chat @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;
  let chat: ChatPage;

  useWindow(
    async () => ({
      folder: await temporaryRepository(shopFiles),
      // A server that has nothing to do sends no status in between.
      settings: { 'leoam.index.automatic': false },
    }),
    (opened) => ({ host, chat } = opened),
    'nothing',
  );

  async function showSample(theme: (typeof themes)[number]): Promise<void> {
    await host.changeSettings({ 'workbench.colorTheme': theme.id });
    await host.open();
    await chat.openSidebar();
    await chat.view.locator(`body.${theme.kind}`).waitFor();
    await chat.receive({ type: 'chat', chat: sampleChat });
    await chat.receive({ type: 'status', status: sampleStatus });
    await chat.waitForTurns(sampleChat.turns.length);
    await chat.turn(0).foldOut.getByText(viewStrings.lookedAt).click();
  }

  /** Drags the sidebar's edge. */
  async function setSidebarWidth(width: number): Promise<void> {
    const { page } = host;
    const box = await page.locator('.part.sidebar').boundingBox();
    assert.ok(box, 'there is no sidebar');
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width, y);
    await page.mouse.down();
    await page.mouse.move(box.x + width, y, { steps: 10 });
    await page.mouse.up();
    await until(`the sidebar is ${width} px wide`, async () => {
      const now = await page.locator('.part.sidebar').boundingBox();
      return Math.abs((now?.width ?? 0) - width) <= 8;
    });
  }

  async function serious(): Promise<string[]> {
    await host.evaluateInChat(`void ${axe.source}`);
    const violations = await host.evaluateInChat<Finding[]>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, help, nodes }) =>
        nodes.map(
          ({ html, failureSummary = '' }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`,
        ),
      );
  }

  for (const theme of themes) {
    it(`can be read and used by everybody under the ${theme.name} theme`, async () => {
      await showSample(theme);
      await host.screenshot(`chat-${theme.name}`);
      const found = await serious();
      assert.equal(found.length, 0, found.join('\n'));
    });
  }

  for (const width of [300, 900]) {
    it(`fits into ${width} pixels`, async () => {
      await setSidebarWidth(width);
      const overflow = await host.evaluateInChat<number>(
        `document.documentElement.scrollWidth - window.innerWidth`,
      );
      assert.ok(overflow <= 0, `${overflow} px stand out`);
      const transcriptOverflow = await host.evaluateInChat<number>(
        `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('[role="log"]'))`,
      );
      assert.ok(transcriptOverflow <= 0, `${transcriptOverflow} px of the transcript stand out`);
      await host.screenshot(`chat-${width}px`);
    });
  }

  it('can be read and used by everybody with the list of chats open', async () => {
    await chat.button(viewStrings.chats).click();
    await chat.view.getByPlaceholder(viewStrings.searchChats).waitFor();
    await host.screenshot('chats');
    const found = await serious();
    assert.equal(found.length, 0, found.join('\n'));
  });
});
