// A proposed change of one file: shown as a diff beside what is there, and written only when
// the user accepts it. Owns the scheme `leoam-proposal`, the commands leoam.edit.accept and
// leoam.edit.discard, and the context key leoam.hasProposal.

import * as vscode from 'vscode';

const scheme = 'leoam-proposal';

interface Proposal {
  target: vscode.Uri;
  /** What the target is to hold. */
  text: string;
  /** What it held when the change was made. */
  before: string;
}

export class Proposals implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly proposals = new Map<string, Proposal>();
  private readonly subscriptions: vscode.Disposable[];
  private count = 0;

  constructor() {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.commands.registerCommand('leoam.edit.accept', () => this.accept()),
      vscode.commands.registerCommand('leoam.edit.discard', () => this.discard()),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) =>
        closed.forEach((tab) => this.forget(tab)),
      ),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.proposals.get(uri.toString())?.text ?? '';
  }

  /** Shows what the document would become. */
  async show(document: vscode.TextDocument, text: string): Promise<void> {
    const name = vscode.workspace.asRelativePath(document.uri);
    if (text === document.getText()) {
      void vscode.window.showInformationMessage(vscode.l10n.t('{0} already is like that.', name));
      return;
    }
    // The path keeps the ending, so that the diff is coloured as the file is.
    const uri = vscode.Uri.from({
      scheme,
      path: document.uri.path,
      query: String(++this.count),
    });
    this.proposals.set(uri.toString(), { target: document.uri, text, before: document.getText() });
    await this.tellWhether();
    const title = vscode.l10n.t('{0}: proposed by LeoAM', name);
    await vscode.commands.executeCommand('vscode.diff', document.uri, uri, title, {
      preview: false,
    });
  }

  dispose(): void {
    this.subscriptions.forEach((subscription) => void subscription.dispose());
  }

  private async accept(): Promise<void> {
    const found = this.shown();
    if (found === undefined) {
      return;
    }
    const [tab, { target, text, before }] = found;
    const document = await vscode.workspace.openTextDocument(target);
    if (document.getText() !== before) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t(
          '{0} has changed since the proposal was made. Nothing was written: ask again.',
          vscode.workspace.asRelativePath(target),
        ),
      );
      return;
    }
    const edit = new vscode.WorkspaceEdit();
    const all = new vscode.Range(0, 0, document.lineCount, 0);
    edit.replace(target, document.validateRange(all), text);
    if (await vscode.workspace.applyEdit(edit)) {
      await vscode.window.tabGroups.close(tab);
      await vscode.window.showTextDocument(document);
    }
  }

  private async discard(): Promise<void> {
    const found = this.shown();
    if (found !== undefined) {
      await vscode.window.tabGroups.close(found[0]);
    }
  }

  private shown(): [vscode.Tab, Proposal] | undefined {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    const proposal = tab === undefined ? undefined : this.proposals.get(keyOf(tab) ?? '');
    return tab === undefined || proposal === undefined ? undefined : [tab, proposal];
  }

  /** Of a tab that was split or moved the other one shows it still. */
  private forget(tab: vscode.Tab): void {
    const key = keyOf(tab);
    const isShown = vscode.window.tabGroups.all.some(({ tabs }) =>
      tabs.some((other) => keyOf(other) === key),
    );
    if (key !== undefined && !isShown && this.proposals.delete(key)) {
      void this.tellWhether();
    }
  }

  private tellWhether(): Thenable<unknown> {
    const has = this.proposals.size > 0;
    return vscode.commands.executeCommand('setContext', 'leoam.hasProposal', has);
  }
}

function keyOf({ input }: vscode.Tab): string | undefined {
  return input instanceof vscode.TabInputTextDiff && input.modified.scheme === scheme
    ? input.modified.toString()
    : undefined;
}
