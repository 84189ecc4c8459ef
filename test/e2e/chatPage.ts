// The chat view as a user works with it. Everything is found by its role and its name on
// screen, so that a test fails when somebody could not find it either.

import type { FrameLocator, Locator } from 'playwright-core';
import type { ToView } from '../../extension/shared/messages.js';
import { viewStrings } from '../../extension/shared/strings.js';
import type { CodeHost } from './host.js';
import { TurnPage } from './turnPage.js';
import { until } from './until.js';

const activityButton = 'a.action-label[aria-label^="LeoAM"]';
const shownMs = 10_000;
const looksBeforeReload = 4;
const sidebarMs = 120_000;
const stopMs = 2_000;

export class ChatPage {
  constructor(private readonly host: CodeHost) {}

  get view(): FrameLocator {
    return this.host.chatFrame;
  }

  /** Where the next question is written. */
  get box(): Locator {
    return this.view.getByPlaceholder(viewStrings.placeholder);
  }

  /** Clicks LeoAM in the activity bar, unless its sidebar is open. */
  async openContainer(): Promise<void> {
    const bar = this.host.page.locator('.activitybar');
    await bar.locator(activityButton).waitFor();
    if ((await bar.locator(`.checked ${activityButton}`).count()) === 0) {
      await bar.locator(activityButton).click();
    }
  }

  /**
   * Shows the chat, from wherever the window is. A window that restores its sidebar may do so
   * after the first look, and with the list of chats, where VS Code had kept no later state. A
   * webview that does not come at all is VS Code's own (microsoft/vscode#125993: its service
   * worker), for which a user reloads the window.
   */
  async openSidebar(): Promise<void> {
    let looks = 0;
    await until(
      'the chat is shown',
      async () => {
        looks += 1;
        if (looks % looksBeforeReload === 0) {
          await this.host.reload();
        }
        await this.openContainer();
        const shown = this.box.or(this.button(viewStrings.back)).first();
        await shown.waitFor({ timeout: shownMs }).catch(() => undefined);
        if (await this.button(viewStrings.back).isVisible()) {
          await this.button(viewStrings.back).click();
        }
        return this.box.isVisible();
      },
      sidebarMs,
    );
  }

  /** Asks and waits until the turn is there; the answer may take longer. */
  async ask(question: string): Promise<TurnPage> {
    const turn = this.turn(await this.turnCount());
    await this.box.fill(question);
    await this.box.press('Enter');
    await turn.root.waitFor();
    return turn;
  }

  /** Counted from 0. */
  turn(index: number): TurnPage {
    return new TurnPage(this.view.getByRole('article').nth(index));
  }

  turnCount(): Promise<number> {
    return this.view.getByRole('article').count();
  }

  /** Waits until a chat with so many turns is shown. */
  async waitForTurns(count: number): Promise<void> {
    await until(`${count} turns are shown`, async () => (await this.turnCount()) === count);
  }

  /** Stops the answer in progress, if there still is one. */
  async stop(): Promise<void> {
    const button = this.button(viewStrings.stop);
    await button.click({ timeout: stopMs }).catch(() => undefined);
  }

  async newChat(): Promise<void> {
    await this.button(viewStrings.newChat).click();
  }

  /** Opens an earlier chat by the start of its title. */
  async openChat(title: string): Promise<void> {
    await this.button(viewStrings.chats).click();
    const list = this.view.getByRole('list', { name: viewStrings.chats });
    const start = title.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&');
    await list.getByRole('button', { name: new RegExp(`^${start}`, 'u') }).click();
  }

  /** A button outside the turns. */
  button(name: string): Locator {
    return this.view.getByRole('button', { name, exact: true });
  }

  /** How far down the transcript is scrolled, in pixels. */
  scrollTop(): Promise<number> {
    return this.host.evaluateInChat<number>(`document.querySelector('[role="log"]').scrollTop`);
  }

  async scrollTo(top: number): Promise<void> {
    await this.host.evaluateInChat(`document.querySelector('[role="log"]').scrollTop = ${top}`);
  }

  /** Shows what the extension host could have sent. */
  async receive(message: ToView): Promise<void> {
    const data = JSON.stringify(message);
    await this.host.evaluateInChat(
      `void window.dispatchEvent(new MessageEvent('message', { data: ${data} }))`,
    );
  }
}
