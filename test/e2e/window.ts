// The window of a suite: opened before its tests, pictured when one of them fails, closed
// after them.

import { ChatPage } from './chatPage.js';
import { environmentOrSkip, type Environment } from './environment.js';
import { CodeHost, type HostOptions } from './host.js';

export interface SuiteWindow {
  environment: Environment;
  host: CodeHost;
  chat: ChatPage;
}

/** How far it is opened: nothing shown, VS Code shown, LeoAM's sidebar shown as well. */
export type Shown = 'nothing' | 'window' | 'sidebar';

/**
 * Call in a suite, whose tests are skipped where something is missing. `prepare` makes the
 * folder and says how the window is to be; `take` receives it before it is shown.
 */
export function useWindow(
  prepare: (environment: Environment) => Promise<HostOptions>,
  take: (opened: SuiteWindow) => void,
  shown: Shown = 'sidebar',
): void {
  let host: CodeHost | undefined;

  before(async function () {
    const environment = environmentOrSkip(this);
    host = await CodeHost.start(environment, await prepare(environment));
    const chat = new ChatPage(host);
    take({ environment, host, chat });
    if (shown !== 'nothing') {
      await host.open();
    }
    if (shown === 'sidebar') {
      await chat.openSidebar();
    }
  });

  afterEach(function () {
    return host?.recordFailure(this.currentTest);
  });

  after(() => host?.close());
}
