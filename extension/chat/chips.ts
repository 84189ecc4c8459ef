// What the user puts beside a question: the selection, files, folders. Each is shown as a chip
// and sent with the next question.

import * as vscode from 'vscode';
import type { ContextItem } from '../../server/protocol/chat.js';
import type { StoredChip } from './storedChat.js';

/** The selection of the editor, or undefined when nothing is selected. Whole lines are taken. */
export function selectionChip(editor: vscode.TextEditor): StoredChip | undefined {
  const { document, selection } = editor;
  if (selection.isEmpty) {
    return undefined;
  }
  // A selection that ends before the first character of a line does not mean that line.
  const ends = selection.end.character === 0 && selection.end.line > selection.start.line;
  const last = ends ? selection.end.line - 1 : selection.end.line;
  return linesChip(document, selection.start.line, last);
}

/** Lines of a document as they are in the editor; 0-based, inclusive. */
export function linesChip(
  document: vscode.TextDocument,
  first: number,
  last: number,
): StoredChip | undefined {
  const path = pathOf(document.uri);
  if (path === undefined) {
    return undefined;
  }
  const text = document.getText(
    new vscode.Range(first, 0, last, document.lineAt(last).text.length),
  );
  return {
    id: crypto.randomUUID(),
    kind: 'selection',
    path,
    startLine: first + 1,
    endLine: last + 1,
    text,
  };
}

export function pathChip(kind: 'file' | 'folder', path: string, tokens?: number): StoredChip {
  return { id: crypto.randomUUID(), kind, path, ...(tokens === undefined ? {} : { tokens }) };
}

/** Relative to its workspace folder, with forward slashes; undefined outside of all. */
export function pathOf(uri: vscode.Uri): string | undefined {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  return folder === undefined ? undefined : vscode.workspace.asRelativePath(uri, false);
}

/** Chips as the protocol has them. */
export function contextOf(chips: readonly StoredChip[]): ContextItem[] {
  return chips.map(({ kind, path, startLine = 1, endLine = 1, text = '' }) =>
    kind === 'selection'
      ? { type: 'selection', path, startLine, endLine, text }
      : { type: kind, path },
  );
}

/** The same thing twice beside a question says nothing new. */
export function isSameChip(a: StoredChip, b: StoredChip): boolean {
  return (
    a.kind === b.kind && a.path === b.path && a.startLine === b.startLine && a.endLine === b.endLine
  );
}
