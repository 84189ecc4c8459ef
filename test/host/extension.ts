import assert from 'node:assert/strict';
import * as vscode from 'vscode';

interface Manifest {
  contributes: { commands: { command: string }[] };
}

describe('the extension in its host', () => {
  const extension = vscode.extensions.getExtension<unknown>('leoam.leoam');

  it('has a command for each that its manifest names', async () => {
    assert.ok(extension);
    await extension.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const { contributes } = extension.packageJSON as Manifest;
    const missing = contributes.commands.filter(({ command }) => !registered.has(command));
    assert.deepEqual(missing, []);
  });

  it('offers a fix for a problem, and what can be asked about a selection', async () => {
    const document = await open();
    const problems = vscode.languages.createDiagnosticCollection('test');
    const range = new vscode.Range(0, 0, 1, 10);
    problems.set(document.uri, [new vscode.Diagnostic(range, 'This is wrong.')]);
    try {
      const names = ['Fix', 'Edit', 'Explain', 'Document', 'Write tests'];
      const wanted = names.map((name) => `${name} with LeoAM`);
      // VS Code gives a request up, and answers with what it has, where another extension
      // registers a provider meanwhile, as that for TypeScript does after a file was opened.
      const until = Date.now() + 20_000;
      let titles: string[] = [];
      do {
        const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
          'vscode.executeCodeActionProvider',
          document.uri,
          range,
        );
        titles = actions.map(({ title }) => title);
      } while (!wanted.every((title) => titles.includes(title)) && Date.now() < until);
      assert.deepEqual(
        wanted.filter((title) => !titles.includes(title)),
        [],
        titles.join(', '),
      );
    } finally {
      problems.dispose();
    }
  });

  it('offers nothing for a file that lies outside of the folder', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'let a = 1;\n' });
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      new vscode.Range(0, 0, 0, 5),
    );
    assert.ok(actions.every(({ title }) => !title.includes('LeoAM')));
  });

  async function open(): Promise<vscode.TextDocument> {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const uri = vscode.Uri.joinPath(folder.uri, 'src', 'limits.ts');
    return vscode.workspace.openTextDocument(uri);
  }
});
