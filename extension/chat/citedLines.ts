// The files that answers cite: their text, and opening them at the cited lines.

import * as vscode from 'vscode';
import type { StoredSource } from './storedChat.js';

/** Where a path of the repository lies; undefined when it would leave the folder. */
export function uriIn(folder: string, path: string): vscode.Uri | undefined {
  const leaves = path.startsWith('/') || path.split('/').includes('..');
  return leaves ? undefined : vscode.Uri.joinPath(vscode.Uri.parse(folder), path);
}

/** The file as the server reads it; undefined when it is gone. */
export async function textOnDisk(folder: string, path: string): Promise<string | undefined> {
  const uri = uriIn(folder, path);
  return uri === undefined ? undefined : textAt(uri);
}

/** The file as the user sees it: what is unsaved in an editor, else what is on disk. */
export async function textNow(folder: string, path: string): Promise<string | undefined> {
  const uri = uriIn(folder, path);
  const unsaved = vscode.workspace.textDocuments.find(
    (document) => document.isDirty && document.uri.toString() === uri?.toString(),
  );
  return unsaved?.getText() ?? (uri === undefined ? undefined : textAt(uri));
}

/** Opens the file with the lines selected and in view. Returns one sentence when it cannot. */
export async function openLines(
  folder: string,
  { path, startLine, endLine }: Pick<StoredSource, 'path' | 'startLine' | 'endLine'>,
): Promise<string | undefined> {
  const uri = uriIn(folder, path);
  if (uri === undefined) {
    return vscode.l10n.t('{0} lies outside the folder.', path);
  }
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    const last = Math.min(Math.max(endLine, 1), document.lineCount) - 1;
    const first = Math.min(Math.max(startLine, 1) - 1, last);
    const selection = new vscode.Range(first, 0, last, document.lineAt(last).text.length);
    const editor = await vscode.window.showTextDocument(document, { preview: true, selection });
    editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    return undefined;
  } catch {
    return vscode.l10n.t('{0} cannot be opened: it may have been moved or deleted.', path);
  }
}

async function textAt(uri: vscode.Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}
