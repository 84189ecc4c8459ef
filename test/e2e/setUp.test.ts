import assert from 'node:assert/strict';
import { shopFiles, temporaryRepository } from '../server/setup.js';
import type { CodeHost } from './host.js';
import { until } from './until.js';
import { useWindow } from './window.js';

describe('setting LeoAM up in VS Code @slow', function () {
  this.timeout(300_000);
  let host: CodeHost;

  useWindow(
    async () => ({ folder: await temporaryRepository(shopFiles) }),
    (opened) => ({ host } = opened),
    'window',
  );

  it('starts no server before it is needed', async () => {
    assert.equal(await host.page.locator('.statusbar').getByText('LeoAM:').count(), 0);
  });

  it('lists the models with size, memory and licence, and marks the one that fits', async () => {
    await host.command('LeoAM: Choose a Model');
    const rows = host.page.locator('.quick-input-list .monaco-list-row');
    await until('the models are listed', async () => (await rows.count()) >= 5);
    const text = (await rows.allTextContents()).join('\n');
    assert.match(text, /Qwen2\.5-Coder 0\.5B/u);
    assert.match(text, /0\.5 GB.*2 GiB.*Apache-2\.0/u);
    assert.match(text, /not for commercial use/u);
    assert.match(text, /fits this machine best/u);
    assert.match(text, /GGUF file of my own/u);
    await host.screenshot('models');
    await host.page.keyboard.press('Escape');
  });

  it('opens a menu behind the status bar', async () => {
    await host.page.locator('.statusbar').getByText('LeoAM').first().click();
    const rows = host.page.locator('.quick-input-list .monaco-list-row');
    await until('the menu is open', async () => (await rows.count()) >= 6);
    await host.screenshot('menu');
    await host.page.keyboard.press('Escape');
  });

  it('shows its walkthrough with a picture for each step', async () => {
    await host.command('Welcome: Open Walkthrough...');
    const input = host.page.locator('.quick-input-widget input');
    await input.fill('Get started with LeoAM');
    await host.page.locator('.quick-input-list .monaco-list-row').first().click();
    const page = host.page.locator('.gettingStartedContainer');
    await page.getByText('Get started with LeoAM').first().waitFor();
    await page.getByText('Ask about the repository').first().waitFor();
    await host.screenshot('walkthrough');
  });
});
