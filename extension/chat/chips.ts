// What the user puts beside a question: the selection, files, folders. Each is shown as a chip
// and sent with the next question.

import * as vscode from 'vscode';
import type { ContextItem } from '../../server/protocol/chat.js';
import { maxSelectionLength } from './limits.js';
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
  const place = placeOf(document.uri);
  if (place === undefined) {
    return undefined;
  }
  const text = document.getText(
    new vscode.Range(first, 0, last, document.lineAt(last).text.length),
  );
  return {
    id: crypto.randomUUID(),
    kind: 'selection',
    ...place,
    startLine: first + 1,
    endLine: last + 1,
    text,
  };
}

/** A whole file or folder; undefined when it lies outside of the workspace's folders. */
export function uriChip(kind: 'file' | 'folder', uri: vscode.Uri): StoredChip | undefined {
  const place = placeOf(uri);
  return place && { id: crypto.randomUUID(), kind, ...place };
}

/** The files in editor tabs that lie in `folder` or, where none does, in that of the first. */
export function openEditorChips(folder: string | undefined): StoredChip[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const chips = tabs.flatMap(({ input }) =>
    input instanceof vscode.TabInputText ? (uriChip('file', input.uri) ?? []) : [],
  );
  const wanted = chips.some((chip) => chip.folder === folder) ? folder : chips[0]?.folder;
  return chips.filter((chip) => chip.folder === wanted);
}

/** One sentence where a chip cannot be sent with a question. */
export function problemOf({ path, text = '' }: StoredChip): string | undefined {
  return text.length > maxSelectionLength
    ? vscode.l10n.t('The selection in {0} is too long for the model: select fewer lines.', path)
    : undefined;
}

/** Relative to its workspace folder, with forward slashes, "/" for that itself; undefined outside of all. */
function placeOf(uri: vscode.Uri): { path: string; folder: string } | undefined {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined) {
    return undefined;
  }
  const isFolder = uri.toString() === folder.uri.toString();
  const path = isFolder ? '/' : vscode.workspace.asRelativePath(uri, false);
  return { path, folder: folder.uri.toString() };
}

/** Chips as the protocol has them. */
export function contextOf(chips: readonly StoredChip[]): ContextItem[] {
  return chips.map(({ kind, path, startLine = 1, endLine = 1, text = '' }) =>
    kind === 'selection'
      ? { type: 'selection', path, startLine, endLine, text }
      : { type: kind, path },
  );
}

/** The same thing twice beside a question says nothing new; its text may be newer. */
export function isSamePlace(a: StoredChip, b: StoredChip): boolean {
  return (
    a.kind === b.kind &&
    a.folder === b.folder &&
    a.path === b.path &&
    a.startLine === b.startLine &&
    a.endLine === b.endLine
  );
}
