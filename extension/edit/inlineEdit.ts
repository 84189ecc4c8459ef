// "Edit with LeoAM": an instruction for the selected lines, and the change as a proposal. Owns
// leoam.edit.inline.

import * as vscode from 'vscode';
import { chatRewrite, rewriteTokens } from '../../server/protocol/chat.js';
import { linesChip, problemOf, selectionChip } from '../chat/chips.js';
import { sentenceOf } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { answerTokens } from '../settings.js';
import { withReplaced } from './place.js';
import type { Proposals } from './proposal.js';

export function inlineEdit(server: Server, proposals: Proposals): vscode.Disposable {
  return vscode.commands.registerTextEditorCommand('leoam.edit.inline', (editor) => {
    void editLines(editor, server, proposals);
  });
}

async function editLines(
  editor: vscode.TextEditor,
  server: Server,
  proposals: Proposals,
): Promise<void> {
  const { document, selection } = editor;
  const { version } = document; // of what is selected: a save may format it while words are asked for
  const isChanged = (): boolean => {
    if (document.version !== version) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t('The file was changed meanwhile: select the lines and ask again.'),
      );
    }
    return document.version !== version;
  };
  const { line } = selection.active;
  const chip = selectionChip(editor) ?? linesChip(document, line, line);
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  if (chip === undefined || folder === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('LeoAM edits files of the open folder.'),
    );
    return;
  }
  const problem = problemOf(chip);
  if (problem !== undefined) {
    void vscode.window.showWarningMessage(problem);
    return;
  }
  const { path, startLine = 1, endLine = 1, text = '' } = chip;
  const instruction = await vscode.window.showInputBox({
    title: vscode.l10n.t('Edit {0}, lines {1} to {2}', path, startLine, endLine),
    placeHolder: vscode.l10n.t('What is to change?'),
  });
  if (!instruction?.trim() || isChanged()) {
    return;
  }
  try {
    const code = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('LeoAM rewrites {0} lines', endLine - startLine + 1),
        cancellable: true,
      },
      (_progress, token) => {
        const quote = { path, startLine, endLine, text };
        const maxTokens = Math.max(rewriteTokens, answerTokens());
        const asked = { folder: folder.uri.toString(), instruction, code: quote, maxTokens };
        return unlessCancelled(token, server.request(chatRewrite, asked, token));
      },
    );
    if (code === undefined || isChanged()) {
      return;
    }
    const place = { first: startLine - 1, last: endLine - 1 };
    await proposals.show(document, withReplaced(document.getText(), place, code));
  } catch (error) {
    void vscode.window.showErrorMessage(sentenceOf(error));
  }
}

/** Undefined when the user did not want it any more, whatever came of it. */
async function unlessCancelled(
  token: vscode.CancellationToken,
  rewritten: Promise<{ code: string }>,
): Promise<string | undefined> {
  try {
    const { code } = await rewritten;
    return token.isCancellationRequested ? undefined : code;
  } catch (error) {
    if (token.isCancellationRequested) {
      return undefined;
    }
    throw error;
  }
}
