// Citations whose lines are not what they were when the answer was written: looked for when a
// chat is shown, and whenever a document or file changes that it cites.

import * as vscode from 'vscode';
import { textNow, uriIn } from './citedLines.js';
import { outdatedAmong } from './linesHash.js';
import type { StoredChat, StoredSource } from './storedChat.js';

const delayMs = 300;

export class OutdatedSources implements vscode.Disposable {
  private keys = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  /** The latest check; an earlier one that ends after it says nothing. */
  private latest = 0;
  private readonly subscriptions: vscode.Disposable[];

  /** `onChange` is called when a citation of `shownChat` has become outdated, or is not any more. */
  constructor(
    private readonly shownChat: () => StoredChat | undefined,
    private readonly onChange: () => void,
  ) {
    const changed = (uri: vscode.Uri): void => {
      if (this.cites(uri)) {
        this.checkSoon();
      }
    };
    const watcher = vscode.workspace.createFileSystemWatcher('**/*');
    this.subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document }) => changed(document.uri)),
      watcher,
      watcher.onDidChange(changed),
      watcher.onDidDelete(changed),
      watcher.onDidCreate(changed),
    ];
  }

  has(source: StoredSource): boolean {
    return this.keys.has(keyOf(source));
  }

  /** After a pause: changes come in bursts. */
  checkSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(), delayMs);
  }

  async check(): Promise<void> {
    const chat = this.shownChat();
    if (chat === undefined) {
      return;
    }
    const run = ++this.latest;
    const sources = new Map(
      chat.turns.flatMap((turn) => turn.sources.map((source) => [keyOf(source), source])),
    );
    const found = await outdatedAmong([...sources.values()], (path) => textNow(chat.folder, path));
    if (run !== this.latest || this.shownChat() !== chat) {
      return;
    }
    const outdated = new Set(found.map(keyOf));
    const isSame =
      outdated.size === this.keys.size && [...outdated].every((key) => this.keys.has(key));
    this.keys = outdated;
    if (!isSame) {
      this.onChange();
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.subscriptions.forEach((subscription) => void subscription.dispose());
  }

  /** A deleted folder is told by one event for all that lay in it. */
  private cites(changed: vscode.Uri): boolean {
    const chat = this.shownChat();
    const uri = changed.toString();
    const paths = new Set(
      chat?.turns.flatMap(({ sources }) => sources.map((source) => source.path)),
    );
    return [...paths].some((path) => {
      const cited = uriIn(chat?.folder ?? '', path)?.toString() ?? '';
      return cited === uri || cited.startsWith(`${uri}/`);
    });
  }
}

function keyOf({ path, startLine, endLine, linesHash: hash }: StoredSource): string {
  return `${path}:${startLine}-${endLine} ${hash}`;
}
