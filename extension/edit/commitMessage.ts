// A commit message into the input of the source control view, from what is staged, or from all
// changes where nothing is. Owns leoam.edit.commitMessage; needs VS Code's own git extension.

import * as vscode from 'vscode';
import { chatCommitMessage } from '../../server/protocol/chat.js';
import { folderOf } from '../folders.js';
import { sentenceOf } from '../server/problems.js';
import type { Server } from '../server/server.js';

/** What is used of the git extension's interface, version 1. */
interface GitRepository {
  rootUri: vscode.Uri;
  inputBox: { value: string };
  diff(cached?: boolean): Promise<string>;
}
interface GitExtension {
  getAPI(version: 1): { repositories: GitRepository[] };
}

export function commitMessages(server: Server): vscode.Disposable {
  return vscode.commands.registerCommand('leoam.edit.commitMessage', (source?: unknown) =>
    writeMessage(server, source),
  );
}

async function writeMessage(server: Server, source: unknown): Promise<void> {
  const repository = await repositoryOf(source);
  const folder = folderOf();
  if (repository === undefined || folder === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no git repository here.'));
    return;
  }
  const diff = (await repository.diff(true)) || (await repository.diff(false));
  if (diff.trim() === '') {
    void vscode.window.showInformationMessage(vscode.l10n.t('There are no changes to describe.'));
    return;
  }
  try {
    const { message } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.SourceControl },
      () => server.request(chatCommitMessage, { folder, diff }),
    );
    repository.inputBox.value = message;
  } catch (error) {
    void vscode.window.showErrorMessage(sentenceOf(error));
  }
}

async function repositoryOf(source: unknown): Promise<GitRepository | undefined> {
  const git = vscode.extensions.getExtension<GitExtension>('vscode.git');
  if (git === undefined) {
    return undefined;
  }
  const { repositories } = (git.isActive ? git.exports : await git.activate()).getAPI(1);
  const root = (source as { rootUri?: vscode.Uri } | undefined)?.rootUri?.toString();
  return repositories.find(({ rootUri }) => rootUri.toString() === root) ?? repositories[0];
}
