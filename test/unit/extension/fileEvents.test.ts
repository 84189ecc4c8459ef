import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import './vscodeStub.js';
import type * as vscode from 'vscode';
import type { FileEvent } from '../../../extension/server/fileEvents.js';

const { fileEvents } = await import('../../../extension/server/fileEvents.js');

/** A file system that tests touch. */
class Touched {
  readonly listeners: ((uri: object) => void)[] = [];
  readonly listen = (listener: (uri: object) => void): vscode.Disposable => {
    this.listeners.push(listener);
    return { dispose: () => undefined };
  };
  readonly watcher = {
    ...{ onDidCreate: this.listen, onDidChange: this.listen, onDidDelete: this.listen },
    dispose: () => undefined,
  } as unknown as vscode.FileSystemWatcher;

  touch(path: string, kind: 'create' | 'change' | 'delete', scheme = 'file'): void {
    const listener = this.listeners[['create', 'change', 'delete'].indexOf(kind)];
    listener?.({ scheme, toString: () => `${scheme}://${path}` });
  }
}

describe('files that were touched', () => {
  it('are told once, with what happened last, and no others', async () => {
    const files = new Touched();
    const told: FileEvent[][] = [];
    const made = fileEvents(files.watcher, (changes) => told.push(changes));
    files.touch('/a.ts', 'create');
    files.touch('/a.ts', 'change');
    files.touch('/b.ts', 'delete');
    files.touch('/c.ts', 'change', 'vscode-userdata');
    await sleep(400);
    const [a, b] = ['file:///a.ts', 'file:///b.ts'];
    assert.deepEqual(told, [
      [
        { uri: a, type: 2 },
        { uri: b, type: 3 },
      ],
    ]);
    made.dispose();
  });

  it('are told although one of them is written all the time', async () => {
    const files = new Touched();
    const told: FileEvent[][] = [];
    const made = fileEvents(files.watcher, (changes) => told.push(changes));
    const writing = setInterval(() => files.touch('/a.log', 'change'), 50);
    files.touch('/a.ts', 'change');
    await sleep(600);
    clearInterval(writing);
    assert.ok(told[0]?.some(({ uri }) => uri === 'file:///a.ts'));
    made.dispose();
  });
});
