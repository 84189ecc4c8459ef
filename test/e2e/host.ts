// A real VS Code for a test: code-server with LeoAM installed from the package, and a headless
// browser that shows it. All that both keep lies in one temporary folder.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext, type FrameLocator, type Page } from 'playwright-core';
import { freePort, installExtension, startCodeServer, type CodeServer } from './codeServer.js';
import type { Environment } from './environment.js';

export interface HostOptions {
  /** Absent: a window without a folder. */
  folder?: string;
  /** User settings on top of those that every test has. */
  settings?: Record<string, unknown>;
  /** Variables for code-server, and so for extension and language server. */
  env?: NodeJS.ProcessEnv;
  /** True: the folder is not trusted (Restricted Mode). Default false. */
  isUntrusted?: boolean;
  /** Language of the window, of which VS Code's own texts stay English; absent: English. */
  language?: string;
  /** Size of the page; absent: that of a small screen. */
  viewport?: { width: number; height: number };
  /** The state of an earlier host that was closed; absent: a new one. */
  state?: string;
  /** Runs a suite in the extension host: folder of the extension, and the suite's file. */
  suite?: { extension: string; file: string };
}

const screenshots = join(
  dirname(fileURLToPath(import.meta.url)),
  ...['..', '..', '..', 'build', 'screenshots'],
);

const waitMs = 60_000;

/** Nothing that moves, asks or goes to the network by itself. */
const calmSettings = {
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.banner': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'window.autoDetectHighContrast': false,
  'window.confirmBeforeClose': 'never',
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
};

export class CodeHost {
  /** Addresses of all that the browser has asked for, frames and workers included. */
  readonly requests: string[] = [];

  private constructor(
    /** Folder of settings, extensions, chats, stores, and the browser's own data. */
    readonly state: string,
    private readonly address: string,
    private readonly startServer: () => Promise<CodeServer>,
    private server: CodeServer,
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    context.on('request', (request) => this.requests.push(request.url()));
    page.on('websocket', (socket) => this.requests.push(socket.url()));
    page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
    page.setDefaultTimeout(waitMs);
  }

  /** Starts both; `open` shows the window. */
  static async start(environment: Environment, options: HostOptions = {}): Promise<CodeHost> {
    const state = options.state ?? (await newState());
    const { codeServer, vsix } = environment;
    const env = options.env ?? {};
    await writeSettings(state, {
      'leoam.modelPath': environment.model,
      'leoam.home': join(state, 'home'),
      'leoam.threads': 2,
      ...options.settings,
    });
    if (options.suite === undefined && !existsSync(join(state, 'extensions'))) {
      installExtension({ codeServer, state, env }, vsix);
    }
    const port = await portOf(state);
    const args = options.isUntrusted === true ? [] : ['--disable-workspace-trust'];
    if (options.language !== undefined) {
      await addLanguage(state, options.language);
      args.push('--locale', options.language);
    }
    const startServer = (): Promise<CodeServer> =>
      startCodeServer({ codeServer, state, port, args, env });
    const server = await startServer();
    try {
      const context = await chromium.launchPersistentContext(join(state, 'browser'), {
        executablePath: environment.chromium,
        headless: true,
        args: ['--disable-dev-shm-usage', '--disable-gpu'],
        viewport: options.viewport ?? { width: 1280, height: 800 },
      });
      const page = context.pages()[0] ?? (await context.newPage());
      const shown =
        options.folder === undefined ? 'ew=true' : `folder=${encodeURIComponent(options.folder)}`;
      const address = `http://127.0.0.1:${port}/?${shown}${suiteQuery(options, port)}`;
      return new CodeHost(state, address, startServer, server, context, page);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Process id of code-server; everything else of it lies below. */
  get serverPid(): number {
    return this.server.pid;
  }

  /** Shows the window and waits until LeoAM is in its status bar. */
  async open(): Promise<void> {
    await this.page.goto(this.address);
    await this.page.locator('.monaco-workbench').waitFor();
    await this.waitForStatus('LeoAM');
  }

  /** Shows the window of a host that runs a suite; it ends by itself. */
  async openSuite(): Promise<void> {
    await this.page.goto(this.address);
  }

  /** As a user reloads the window. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.locator('.monaco-workbench').waitFor();
    await this.waitForStatus('LeoAM');
  }

  /** Ends code-server with all its processes, starts it anew and shows the window again. */
  async restartServer(): Promise<void> {
    await this.server.stop();
    this.server = await this.startServer();
    await this.open();
  }

  /** Waits until the status bar has this text. */
  async waitForStatus(text: string, timeout = waitMs): Promise<void> {
    await this.page.locator('.statusbar').getByText(text).first().waitFor({ timeout });
  }

  /** The chat's own document: VS Code puts it into a frame within a frame. */
  get chatFrame(): FrameLocator {
    return this.page.frameLocator('iframe.webview').frameLocator('iframe#active-frame');
  }

  /** Value of a JavaScript expression in the chat's document. */
  async evaluateInChat<T>(expression: string): Promise<T> {
    const outer = this.page.frameLocator('iframe.webview');
    const element = await outer.locator('iframe#active-frame').elementHandle();
    const frame = await element.contentFrame();
    assert.ok(frame, 'there is no chat frame');
    return frame.evaluate<T>(expression);
  }

  /** Runs a command by its title in the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor();
    await input.fill(`>${title}`);
    const row = this.page.locator(`.quick-input-list .monaco-list-row[aria-label^="${title}"]`);
    await row.first().click();
  }

  /** Opens a file of the folder and puts the cursor into it. */
  async openFile(path: string): Promise<void> {
    await this.showFile(path);
    await this.page.locator('.editor-instance .view-lines').first().click();
  }

  /** Opens a file of the folder in the editor that is made for it. */
  async showFile(path: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor();
    await input.fill(path);
    const name = path.split('/').at(-1) ?? path;
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
    await row.click();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  }

  /** Changes user settings; VS Code follows the file. */
  async changeSettings(settings: Record<string, unknown>): Promise<void> {
    await writeSettings(this.state, settings);
  }

  /** Writes build/screenshots/NAME.png. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }

  /** For a hook: keeps what there is to see of a test that failed. */
  async recordFailure(test: Mocha.Test | undefined): Promise<void> {
    if (test?.state === 'failed') {
      const name = test.fullTitle().replace(/\W+/gu, '-');
      await this.screenshot(`failed-${name}`.slice(0, 100)).catch(() => undefined);
      console.log(this.server.log());
    }
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.server.stop();
  }
}

/** VS Code loads the extension from its folder then, and runs the suite with it. */
function suiteQuery({ suite }: HostOptions, port: number): string {
  if (suite === undefined) {
    return '';
  }
  const at = (path: string): string => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload = [
    ['extensionDevelopmentPath', at(suite.extension)],
    ['extensionTestsPath', at(suite.file)],
  ];
  return `&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

/** Loaded when needed: it takes mocha's hooks, which a bench does not have. */
async function newState(): Promise<string> {
  const { temporaryFolder } = await import('../server/setup.js');
  return temporaryFolder('vscode');
}

/**
 * Settings of machine scope count only in the settings of the machine that VS Code's server
 * runs on, all others only in the user's: both files get all of them.
 */
async function writeSettings(state: string, settings: Record<string, unknown>): Promise<void> {
  for (const folder of ['User', 'Machine']) {
    const file = join(state, 'user', folder, 'settings.json');
    const before = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
      : calmSettings;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ ...before, ...settings }, null, 2));
  }
}

/** VS Code takes a language only that it has texts of its own for: none of them will do. */
async function addLanguage(state: string, language: string): Promise<void> {
  const texts = join(state, 'user', `${language}.json`);
  const extensions = [{ extensionIdentifier: { id: `leoam.${language}` }, version: '1.0.0' }];
  const pack = { hash: 'none', extensions, label: language, translations: { vscode: texts } };
  await writeFile(texts, JSON.stringify({ contents: {} }));
  await writeFile(join(state, 'user', 'languagepacks.json'), JSON.stringify({ [language]: pack }));
}

/** The browser keeps what it knows of a window by address, so the port stays with the state. */
async function portOf(state: string): Promise<number> {
  const file = join(state, 'port');
  if (existsSync(file)) {
    return Number(readFileSync(file, 'utf8'));
  }
  const port = await freePort();
  await writeFile(file, String(port));
  return port;
}
