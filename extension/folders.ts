// Which of the workspace's folders is meant.

import * as vscode from 'vscode';

/** Tells a folder from the others of the window; undefined where it is the only one. */
export function distinctName(folder: string): string | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const found = folders.find(({ uri }) => uri.toString() === folder);
  if (folders.length === 1 && found !== undefined) {
    return undefined;
  }
  const isClear = folders.filter(({ name }) => name === found?.name).length === 1;
  return found !== undefined && isClear
    ? found.name
    : decodeURIComponent(
        folder
          .split('/')
          .slice(found === undefined ? -1 : -2)
          .join('/'),
      );
}

/** The folder that a new chat is about: the active editor's, else the first. */
export function folderOf(): string | undefined {
  const { activeTextEditor } = vscode.window;
  const active =
    activeTextEditor && vscode.workspace.getWorkspaceFolder(activeTextEditor.document.uri);
  return (active ?? vscode.workspace.workspaceFolders?.[0])?.uri.toString();
}
