// The page of the chat view as the host sees it: VS Code makes it and throws it away at any
// time, so messages reach it only after it has said that it is ready.

import * as vscode from 'vscode';
import { sentenceOf } from '../server/problems.js';
import { fromView, type FromView, type ToView } from '../shared/messages.js';
import { viewStrings } from '../shared/strings.js';
import { pageHtml, viewFolder } from './html.js';

export class Page {
  private view: vscode.WebviewView | undefined;
  private afterReady: ToView[] = [];
  private knowsTexts = false;

  /** What `onMessage` rejects with is shown to the user. */
  constructor(
    private readonly extension: vscode.Uri,
    private readonly onMessage: (message: FromView) => Promise<void>,
  ) {}

  /** It takes messages. */
  get isReady(): boolean {
    return this.knowsTexts;
  }

  /** Loads the page into a view that VS Code has made. */
  load(view: vscode.WebviewView): void {
    this.view = view;
    this.knowsTexts = false;
    const { webview } = view;
    webview.options = {
      enableScripts: true,
      enableCommandUris: false,
      localResourceRoots: [viewFolder(this.extension)],
    };
    webview.onDidReceiveMessage((raw: unknown) => {
      const message = fromView.safeParse(raw);
      if (message.success) {
        this.onMessage(message.data).catch((error: unknown) => {
          void vscode.window.showErrorMessage(sentenceOf(error));
        });
      }
    });
    view.onDidDispose(() => {
      this.view = undefined;
      this.knowsTexts = false;
    });
    webview.html = pageHtml(webview, this.extension, 'chat');
  }

  /** Answers `ready`: the page's texts come first of all. */
  start(): void {
    this.knowsTexts = true;
    const strings = Object.fromEntries(
      Object.entries(viewStrings).map(([key, text]) => [key, vscode.l10n.t(text)]),
    );
    this.post({ type: 'strings', strings });
  }

  /** Sends what had to wait until the page shows something. */
  sendWaiting(): void {
    this.afterReady.splice(0).forEach((message) => this.post(message));
  }

  /** What the user asked for waits until the page is ready; the rest is told again then. */
  post(message: ToView): void {
    if (this.isReady) {
      void this.view?.webview.postMessage(message);
    } else if (message.type === 'focusQuestion' || message.type === 'showChats') {
      this.afterReady.push(message);
    }
  }
}
