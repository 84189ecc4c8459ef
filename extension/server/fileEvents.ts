// Which files below the window's folders were touched, to be told to the server. The language client's
// own way waits until nothing more follows: a log that grows all the time would hold up every other file.

import * as vscode from 'vscode';

/** As LSP numbers them. */
const kinds = { created: 1, changed: 2, deleted: 3 } as const;
/** A branch switch is told in few messages. */
const intervalMs = 250;

export interface FileEvent {
  uri: string;
  type: (typeof kinds)[keyof typeof kinds];
}

/** Of a file only what happened last is told, at most every 250 ms. Disposes of the watcher. */
export function fileEvents(
  watcher: vscode.FileSystemWatcher,
  tell: (changes: FileEvent[]) => void,
): vscode.Disposable {
  const touched = new Map<string, FileEvent>();
  let timer: NodeJS.Timeout | undefined;
  const tellAll = (): void => {
    timer = undefined;
    const changes = [...touched.values()];
    touched.clear();
    tell(changes);
  };
  const touch = (file: vscode.Uri, type: FileEvent['type']): void => {
    if (file.scheme === 'file') {
      const uri = file.toString();
      touched.set(uri, { uri, type });
      timer ??= setTimeout(tellAll, intervalMs);
    }
  };
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate((uri) => touch(uri, kinds.created)),
    watcher.onDidChange((uri) => touch(uri, kinds.changed)),
    watcher.onDidDelete((uri) => touch(uri, kinds.deleted)),
    { dispose: () => clearTimeout(timer) },
  );
}
