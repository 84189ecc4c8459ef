// Which of the workspace's folders is meant.

import * as vscode from 'vscode';

/** Tells a folder from the others of the window; undefined where it is the only one. */
export function distinctName(folder: string): string | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const found = folders.find(({ uri }) => uri.toString() === folder);
  return folders.length === 1 && found !== undefined
    ? undefined
    : (found?.name ?? decodeURIComponent(folder.slice(folder.lastIndexOf('/') + 1)));
}

/** The folder that a new chat is about: the active editor's, else the first. */
export function folderOf(): string | undefined {
  const { activeTextEditor } = vscode.window;
  const active =
    activeTextEditor && vscode.workspace.getWorkspaceFolder(activeTextEditor.document.uri);
  return (active ?? vscode.workspace.workspaceFolders?.[0])?.uri.toString();
}
