// A commit message into the input of the source control view, from what is staged, or from all
// changes where nothing is. Owns leoam.edit.commitMessage; needs VS Code's own git extension.

import * as vscode from 'vscode';
import { chatCommitMessage } from '../../server/protocol/chat.js';
import { maxDiffLength } from '../chat/limits.js';
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
  getAPI(version: 1): {
    repositories: GitRepository[];
    getRepository(uri: vscode.Uri): GitRepository | null;
  };
}

export function commitMessages(server: Server): vscode.Disposable {
  return vscode.commands.registerCommand('leoam.edit.commitMessage', (source?: unknown) =>
    writeMessage(server, source),
  );
}

async function writeMessage(server: Server, source: unknown): Promise<void> {
  const repository = await repositoryOf(source);
  const folder = repository && (folderWith(repository.rootUri) ?? folderOf());
  if (repository === undefined || folder === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no git repository here.'));
    return;
  }
  try {
    const diff = (await repository.diff(true)) || (await repository.diff(false));
    if (diff.trim() === '') {
      void vscode.window.showInformationMessage(vscode.l10n.t('There are no changes to describe.'));
      return;
    }
    const { message } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.SourceControl },
      () => server.request(chatCommitMessage, { folder, diff: diff.slice(0, maxDiffLength) }),
    );
    if (await mayReplace(repository.inputBox.value)) {
      repository.inputBox.value = message;
    }
  } catch (error) {
    void vscode.window.showErrorMessage(sentenceOf(error));
  }
}

/** What somebody has written, before or meanwhile, goes only when they say so. */
async function mayReplace(written: string): Promise<boolean> {
  if (written.trim() === '') {
    return true;
  }
  const replace = vscode.l10n.t('Replace');
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('There is a commit message already.'),
    replace,
  );
  return picked === replace;
}

async function repositoryOf(source: unknown): Promise<GitRepository | undefined> {
  const git = vscode.extensions.getExtension<GitExtension>('vscode.git');
  if (git === undefined) {
    return undefined;
  }
  const api = (git.isActive ? git.exports : await git.activate()).getAPI(1);
  const root = (source as { rootUri?: vscode.Uri } | undefined)?.rootUri;
  if (root !== undefined) {
    return api.repositories.find(({ rootUri }) => rootUri.toString() === root.toString());
  }
  const edited = vscode.window.activeTextEditor?.document.uri;
  return (edited && api.getRepository(edited)) ?? api.repositories[0];
}

/** The workspace folder that lies in the repository, or that it lies in. */
function folderWith(root: vscode.Uri): string | undefined {
  const around = vscode.workspace.getWorkspaceFolder(root);
  const within = vscode.workspace.workspaceFolders?.find(({ uri }) =>
    uri.toString().startsWith(`${root.toString()}/`),
  );
  return (around ?? within)?.uri.toString();
}
