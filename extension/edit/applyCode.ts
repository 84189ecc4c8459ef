// "Apply": finds the file and the lines that a code block of an answer belongs to, and shows
// the change as a proposal.

import * as vscode from 'vscode';
import { uriIn } from '../chat/citedLines.js';
import type { StoredChip } from '../chat/storedChat.js';
import { indentedAs, placeOf, withReplaced } from './place.js';
import type { Proposals } from './proposal.js';

/**
 * The files that come into question are those beside the question, those that the answer
 * rests on, and the one in the editor; the first in which the code has a place is taken.
 */
export async function applyCode(
  proposals: Proposals,
  folder: string,
  code: string,
  chips: readonly StoredChip[],
  sources: readonly string[],
): Promise<void> {
  const named = chips.filter(({ kind }) => kind !== 'folder');
  const uris = [
    ...named.flatMap((chip) => uriIn(chip.folder ?? folder, chip.path) ?? []),
    ...sources.flatMap((path) => uriIn(folder, path) ?? []),
  ];
  const active = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  for (const uri of [...uris, ...(active === undefined ? [] : [active.document.uri])]) {
    const document = await open(uri);
    const text = document?.getText() ?? '';
    const place = placeOf(code, text);
    if (document !== undefined && place !== undefined) {
      await proposals.show(document, withReplaced(text, place, indentedAs(text, place, code)));
      return;
    }
  }
  const selected = chips.find(({ kind }) => kind === 'selection');
  const target = selected && (await selectedLines(selected.folder ?? folder, selected));
  if (target !== undefined) {
    const [document, place] = target;
    await proposals.show(document, withReplaced(document.getText(), place, code));
    return;
  }
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      'No file has lines that this code begins and ends with. Put the cursor where it belongs and insert it.',
    ),
  );
}

/** The lines that were selected, if they still are what they were. */
async function selectedLines(
  folder: string,
  { path, startLine = 1, endLine = 1, text = '' }: StoredChip,
): Promise<[vscode.TextDocument, { first: number; last: number }] | undefined> {
  const uri = uriIn(folder, path);
  const document = uri && (await open(uri));
  if (document === undefined || endLine > document.lineCount) {
    return undefined;
  }
  const last = document.lineAt(endLine - 1);
  const now = document.getText(new vscode.Range(startLine - 1, 0, endLine - 1, last.text.length));
  return now === text ? [document, { first: startLine - 1, last: endLine - 1 }] : undefined;
}

async function open(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  return vscode.workspace.openTextDocument(uri).then(
    (document) => document,
    () => undefined,
  );
}
