// The view of the tiers as a user works with it.

import type { Frame, Locator } from 'playwright-core';
import type { CodeHost } from './host.js';
import { until } from './until.js';

export class TiersPage {
  constructor(private readonly host: CodeHost) {}

  async open(): Promise<void> {
    await this.host.command('LeoAM: Focus on Tiers View');
    await this.row('Disk').waitFor();
  }

  /** Drags the view's upper edge, so that every row is there: VS Code draws those in sight. */
  async enlarge(pixels: number): Promise<void> {
    const { mouse } = this.host.page;
    const header = await this.pane.locator('.pane-header').boundingBox();
    if (header === null) {
      throw new Error('The view of the tiers is not shown.');
    }
    const x = header.x + 20;
    await mouse.move(x, header.y);
    await mouse.down();
    await mouse.move(x, header.y - pixels, { steps: 10 });
    await mouse.up();
  }

  private get pane(): Locator {
    const { page } = this.host;
    return page.locator('.pane', { has: page.locator('.title', { hasText: /^Tiers/u }) });
  }

  /** A tier, file or folder by its name. */
  row(name: string): Locator {
    const label = this.host.page.locator('.label-name', { hasText: new RegExp(`^${name}$`, 'u') });
    return this.pane.locator('.monaco-list-row').filter({ has: label });
  }

  /** What stands beside the name. */
  async text(name: string): Promise<string> {
    return (await this.row(name).locator('.label-description').textContent()) ?? '';
  }

  async waitForText(name: string, wanted: RegExp): Promise<void> {
    let seen = '';
    await until(`${name} says ${String(wanted)}`, async () => {
      seen = await this.text(name).catch(() => '');
      return wanted.test(seen);
    });
  }

  /** Acts on a row until it says what is wanted: once more wherever LeoAM asks for that. */
  async act(by: 'press' | 'choose', name: string, action: string, wanted: RegExp): Promise<void> {
    const asked = this.host.page.locator('.notification-toast', { hasText: 'once more' });
    await this[by](name, action);
    await until(`${name} says ${String(wanted)} after ${action}`, async () => {
      if (wanted.test(await this.text(name).catch(() => ''))) {
        return true;
      }
      if ((await asked.count()) > 0) {
        await this.host.command('Notifications: Clear All Notifications');
        await this[by](name, action);
      }
      return false;
    });
  }

  /** One of the buttons that a row shows at the pointer. */
  async press(name: string, action: string): Promise<void> {
    await this.row(name).hover();
    await this.row(name).getByRole('button', { name: action }).click();
  }

  /** From the menu of a row. */
  async choose(name: string, action: string): Promise<void> {
    const { page } = this.host;
    await this.row(name).click({ button: 'right' });
    const menu = page.locator('.monaco-menu-container');
    // A click so soon after the menu has opened would be taken for the end of the one before.
    await menu.locator('.action-item', { hasText: action }).hover();
    await page.keyboard.press('Enter');
    await menu.waitFor({ state: 'hidden' });
  }

  /** Of VS Code's own box in the middle of the window. */
  async confirm(button: string): Promise<void> {
    const box = this.host.page.locator('.monaco-dialog-box');
    await box.getByRole('button', { name: button, exact: true }).click();
    await box.waitFor({ state: 'detached' });
  }

  /** Of the disk. */
  async setBudget(gib: string): Promise<void> {
    await this.choose('Disk', 'Set Budget');
    const input = this.host.page.locator('.quick-input-widget input');
    await input.waitFor();
    await input.fill(gib);
    await input.press('Enter');
  }

  /** The document of the picture, once something is drawn in it. */
  async picture(): Promise<Frame> {
    let found: Frame | undefined;
    await until('the picture is drawn', async () => {
      for (const frame of this.host.page.frames()) {
        const drawn = await frame
          .locator('figure.tiers svg')
          .count()
          .catch(() => 0);
        found = drawn > 0 ? frame : found;
      }
      return found !== undefined;
    });
    if (found === undefined) {
      throw new Error('There is no picture.');
    }
    return found;
  }
}
