// What is decided before the server is asked for a suggestion. The language client registers
// the one provider there is; this is its middleware.

import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import type { Drops, GateReason } from './drops.js';
import type { Switches } from './switches.js';

export type InlineCompletionMiddleware = NonNullable<Middleware['provideInlineCompletionItems']>;

/** Asks the server unless there is a reason against it, which is then written down. */
export function inlineCompletionGate(
  switches: Pick<Switches, 'stateFor'>,
  drops: Drops,
): InlineCompletionMiddleware {
  return async (document, position, context, token, ask) => {
    const drop = (reason: GateReason): null => {
      drops.add({
        time: Date.now(),
        uri: document.uri.toString(),
        line: position.line + 1,
        languageId: document.languageId,
        reason,
      });
      return null;
    };
    const reason = reasonAgainst(document, switches);
    // Who asks by a key wants an answer, whatever is set: the server says where it has none.
    const isAutomatic = context.triggerKind === vscode.InlineCompletionTriggerKind.Automatic;
    if (isAutomatic && reason !== undefined) {
      return drop(reason);
    }
    const askNow = async (): Promise<Awaited<ReturnType<typeof ask>>> =>
      ask(document, position, context, token);
    // The server itself answers always, with a list, unless it ended or cannot be asked.
    const answer = await askNow().catch(() => null);
    return answer ?? (token.isCancellationRequested ? null : drop('noServer'));
  };
}

export function reasonAgainst(
  document: vscode.TextDocument,
  switches: Pick<Switches, 'stateFor'>,
): GateReason | undefined {
  const state = switches.stateFor(document.languageId);
  if (state.kind !== 'on') {
    return state.kind;
  }
  if (!liesInFolder(document)) {
    return 'outsideFolder';
  }
  // The same file may be in another group, or in a diff.
  const isActive = vscode.window.activeTextEditor?.document === document;
  return isActive ? undefined : 'notActiveEditor';
}

/** Whether it is a file of an open folder, or a cell of one: suggestions are made for no others. */
export function liesInFolder(document: vscode.TextDocument): boolean {
  const isCell = document.uri.scheme === 'vscode-notebook-cell';
  const uri = isCell ? notebookOf(document)?.uri : document.uri;
  return uri?.scheme === 'file' && vscode.workspace.getWorkspaceFolder(uri) !== undefined;
}

/** The address of a cell does not always tell. */
function notebookOf(cell: vscode.TextDocument): vscode.NotebookDocument | undefined {
  return vscode.workspace.notebookDocuments.find((notebook) =>
    notebook.getCells().some(({ document }) => document === cell),
  );
}
