// Which of the workspace's folders is meant.

import * as vscode from 'vscode';

/** The folder that a new chat is about: the active editor's, else the first. */
export function folderOf(): string | undefined {
  const { activeTextEditor } = vscode.window;
  const active =
    activeTextEditor && vscode.workspace.getWorkspaceFolder(activeTextEditor.document.uri);
  return (active ?? vscode.workspace.workspaceFolders?.[0])?.uri.toString();
}
