// What can be asked about the selected code: explain, fix, document, write tests. As commands,
// in the context menu, and as code actions. Owns leoam.chat.explain, fix, document and test.

import * as vscode from 'vscode';
import type { ChatView } from '../chat/chatView.js';
import { linesChip, selectionChip } from '../chat/chips.js';

const actions = ['explain', 'fix', 'document', 'test'] as const;
type ActionName = (typeof actions)[number];

export function selectionActions(chat: ChatView): vscode.Disposable {
  const commands = actions.map((name) =>
    vscode.commands.registerCommand(`leoam.chat.${name}`, (range?: unknown) =>
      ask(chat, name, range instanceof vscode.Range ? range : undefined),
    ),
  );
  return vscode.Disposable.from(
    ...commands,
    vscode.languages.registerCodeActionsProvider(
      { scheme: 'file' },
      { provideCodeActions: (document, range, context) => offered(document, range, context) },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.Refactor] },
    ),
  );
}

async function ask(chat: ChatView, name: ActionName, range?: vscode.Range): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const { line } = editor?.selection.active ?? {};
  const chip =
    editor === undefined || line === undefined
      ? undefined
      : range === undefined
        ? (selectionChip(editor) ?? linesChip(editor.document, line, line))
        : linesChip(editor.document, range.start.line, range.end.line);
  if (editor === undefined || chip === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Select code in a file of the open folder first.'),
    );
    return;
  }
  const { startLine = 1, endLine = 1 } = chip;
  await chat.ask(questionOf(name, problemsIn(editor.document, startLine, endLine)), [chip]);
}

function questionOf(name: ActionName, problems: string): string {
  switch (name) {
    case 'explain':
      return vscode.l10n.t('Explain what this code does.');
    case 'fix':
      return problems === ''
        ? vscode.l10n.t('Find what is wrong in this code and fix it. Show the corrected code.')
        : vscode.l10n.t('Fix this: {0} Show the corrected code.', problems);
    case 'document':
      return vscode.l10n.t('Write a documentation comment for this code. Show the code with it.');
    case 'test':
      return vscode.l10n.t('Write tests for this code, in the way this repository writes them.');
  }
}

/** What language servers and linters say of the lines. */
function problemsIn(document: vscode.TextDocument, startLine: number, endLine: number): string {
  const lines = new vscode.Range(startLine - 1, 0, endLine - 1, Number.MAX_SAFE_INTEGER);
  return vscode.languages
    .getDiagnostics(document.uri)
    .filter(({ range }) => range.intersection(lines) !== undefined)
    .slice(0, 3)
    .map(({ message, range }) => `"${message}" (line ${range.start.line + 1}).`)
    .join(' ');
}

function offered(
  document: vscode.TextDocument,
  range: vscode.Range,
  { diagnostics }: vscode.CodeActionContext,
): vscode.CodeAction[] {
  if (vscode.workspace.getWorkspaceFolder(document.uri) === undefined) {
    return [];
  }
  const offers: vscode.CodeAction[] = [];
  const [problem] = diagnostics;
  if (problem !== undefined) {
    const fix = new vscode.CodeAction(
      vscode.l10n.t('Fix with LeoAM'),
      vscode.CodeActionKind.QuickFix,
    );
    const title = fix.title;
    fix.command = { command: 'leoam.chat.fix', title, arguments: [problem.range] };
    fix.diagnostics = [problem];
    offers.push(fix);
  }
  return range.isEmpty ? offers : [...offers, ...offeredForSelection()];
}

function offeredForSelection(): vscode.CodeAction[] {
  const commands = {
    'leoam.edit.inline': vscode.l10n.t('Edit with LeoAM'),
    'leoam.chat.explain': vscode.l10n.t('Explain with LeoAM'),
    'leoam.chat.document': vscode.l10n.t('Document with LeoAM'),
    'leoam.chat.test': vscode.l10n.t('Write tests with LeoAM'),
  };
  return Object.entries(commands).map(([command, title]) => {
    const offer = new vscode.CodeAction(title, vscode.CodeActionKind.Refactor);
    offer.command = { command, title };
    return offer;
  });
}
