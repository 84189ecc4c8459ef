// The lines that answers cite: opening them, and telling when they are not what they were.

import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import type { StoredSource } from './storedChat.js';

/** Where a path of the repository lies; undefined when it would leave the folder. */
export function uriIn(folder: string, path: string): vscode.Uri | undefined {
  const leaves = path.startsWith('/') || path.split('/').includes('..');
  return leaves ? undefined : vscode.Uri.joinPath(vscode.Uri.parse(folder), path);
}

/** Hash of the lines as they are on disk or, unsaved, in the editor; '' when the file is gone. */
export async function linesHash(
  folder: string,
  { path, startLine, endLine }: { path: string; startLine: number; endLine: number },
): Promise<string> {
  const uri = uriIn(folder, path);
  const text = uri === undefined ? undefined : await textOf(uri);
  if (text === undefined) {
    return '';
  }
  const lines = text.split(/\r?\n/u).slice(Math.max(0, startLine - 1), endLine);
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
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

async function textOf(uri: vscode.Uri): Promise<string | undefined> {
  const open = vscode.workspace.textDocuments.find(
    (document) => document.uri.toString() === uri.toString(),
  );
  if (open !== undefined) {
    return open.getText();
  }
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}
