// Citations whose lines are not what they were when the answer was written: looked for when the
// chat is shown, and whenever documents or files change.

import * as vscode from 'vscode';
import { linesHash } from './citedLines.js';
import type { StoredChat, StoredSource } from './storedChat.js';

const delayMs = 300;

export class OutdatedSources implements vscode.Disposable {
  private keys = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private readonly subscriptions: vscode.Disposable[];

  /** `onChange` is called when a citation of `shownChat` has become outdated, or is not any more. */
  constructor(
    private readonly shownChat: () => StoredChat | undefined,
    private readonly onChange: () => void,
  ) {
    const soon = (): void => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.check(), delayMs);
    };
    const watcher = vscode.workspace.createFileSystemWatcher('**/*');
    this.subscriptions = [
      vscode.workspace.onDidChangeTextDocument(soon),
      watcher,
      watcher.onDidChange(soon),
      watcher.onDidDelete(soon),
      watcher.onDidCreate(soon),
    ];
  }

  has(source: StoredSource): boolean {
    return this.keys.has(keyOf(source));
  }

  async check(): Promise<void> {
    const chat = this.shownChat();
    if (chat === undefined) {
      return;
    }
    const sources = new Map(
      chat.turns.flatMap((turn) => turn.sources.map((source) => [keyOf(source), source])),
    );
    const outdated = new Set<string>();
    for (const [key, source] of sources) {
      if ((await linesHash(chat.folder, source)) !== source.linesHash) {
        outdated.add(key);
      }
    }
    const isSame =
      outdated.size === this.keys.size && [...outdated].every((key) => this.keys.has(key));
    this.keys = outdated;
    if (!isSame && this.shownChat() === chat) {
      this.onChange();
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.subscriptions.forEach((subscription) => void subscription.dispose());
  }
}

function keyOf({ path, startLine, endLine, linesHash: hash }: StoredSource): string {
  return `${path}:${startLine}-${endLine} ${hash}`;
}
