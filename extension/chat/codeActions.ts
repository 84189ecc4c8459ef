// What can be done with a code block of an answer without touching a file.

import * as vscode from 'vscode';

export async function copyCode(code: string): Promise<void> {
  await vscode.env.clipboard.writeText(code);
}

/** At the cursor of the editor that was used last; undo takes it back. */
export async function insertCode(code: string): Promise<void> {
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (editor === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Open a file and put the cursor where the code is to go.'),
    );
    return;
  }
  const { document } = editor;
  if (!(await editor.edit((edit) => edit.replace(editor.selection, code)))) {
    const name = vscode.workspace.asRelativePath(document.uri);
    void vscode.window.showWarningMessage(
      vscode.l10n.t('The code was not inserted: {0} cannot be changed.', name),
    );
    return;
  }
  await vscode.window.showTextDocument(document, editor.viewColumn);
}

/** An untitled document; VS Code knows the language by its name or finds it out. */
export async function openAsNewFile(code: string, language: string): Promise<void> {
  const languages = await vscode.languages.getLanguages();
  const id = languageId(language.toLowerCase());
  const document = await vscode.workspace.openTextDocument({
    content: code,
    ...(languages.includes(id) ? { language: id } : {}),
  });
  await vscode.window.showTextDocument(document);
}

/** Names that models write on code blocks, where VS Code has another. */
const otherNames: Record<string, string> = {
  js: 'javascript',
  jsx: 'javascriptreact',
  ts: 'typescript',
  tsx: 'typescriptreact',
  py: 'python',
  sh: 'shellscript',
  bash: 'shellscript',
  'c++': 'cpp',
  cs: 'csharp',
  rb: 'ruby',
  rs: 'rust',
  yml: 'yaml',
  md: 'markdown',
};

function languageId(name: string): string {
  return otherNames[name] ?? name;
}
