// Where the extension starts. It costs the editor next to nothing: the server is started by
// the first view, question, line of code or command that needs it.

import { join } from 'node:path';
import * as vscode from 'vscode';
import {
  indexPause,
  indexRefresh,
  indexResume,
  indexSkipped,
} from '../server/protocol/indexing.js';
import { selectionActions } from './actions/selectionActions.js';
import { ChatView } from './chat/chatView.js';
import { selectionChip, uriChip } from './chat/chips.js';
import { History } from './chat/history.js';
import type { StoredChip } from './chat/storedChat.js';
import { completionCommands } from './completion/commands.js';
import { Drops } from './completion/drops.js';
import { explainCommand } from './completion/explainView.js';
import { inlineCompletionGate } from './completion/gate.js';
import { prepareAtRest } from './completion/preparer.js';
import { startAtFirstEdit } from './completion/starter.js';
import { suggestCommand } from './completion/suggest.js';
import { Switches } from './completion/switches.js';
import { applyCode } from './edit/applyCode.js';
import { commitMessages } from './edit/commitMessage.js';
import { inlineEdit } from './edit/inlineEdit.js';
import { Proposals } from './edit/proposal.js';
import { folderOf } from './folders.js';
import { modelCommands } from './models/modelPicker.js';
import { sentenceOf } from './server/problems.js';
import { Server } from './server/server.js';
import { keptChats, needsNewServer } from './settings.js';
import type { Action } from './shared/messages.js';
import { statusBar } from './status/statusBar.js';
import { evidenceLines } from './tiers/evidenceLines.js';
import { PicturePanel } from './tiers/picturePanel.js';
import { TiersTree } from './tiers/tiersTree.js';
import { tiersView } from './tiers/tiersView.js';

let atExit: (() => Promise<void>) | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('LeoAM', { log: true });
  const switches = new Switches();
  const drops = new Drops();
  const gate = inlineCompletionGate(switches, drops);
  const server = new Server(context.asAbsolutePath('dist/main.js'), log, gate);
  const storage = context.storageUri ?? context.globalStorageUri;
  const history = new History(join(storage.fsPath, 'chats'), keptChats, log);
  const proposals = new Proposals();
  const tiers = new TiersTree(server);
  const picture = new PicturePanel(context.extensionUri, tiers);
  const runAction = (id: Action['id']): void => void vscode.commands.executeCommand(commandOf(id));
  const chat = new ChatView({
    server,
    history,
    extension: context.extensionUri,
    memory: context.workspaceState,
    applyCode: (folder, code, chips, paths) => applyCode(proposals, folder, code, chips, paths),
    runAction,
  });
  context.subscriptions.push(
    log,
    history,
    proposals,
    chat,
    switches,
    vscode.window.registerWebviewViewProvider('leoam.chat', chat),
    // Empty for ever: what is shown there is its welcome text.
    vscode.window.registerTreeDataProvider('leoam.start', {
      getChildren: () => [],
      getTreeItem: () => ({}),
    }),
    statusBar(server, switches),
    startAtFirstEdit(server, switches),
    prepareAtRest(server, switches),
    completionCommands(switches),
    suggestCommand(server, runAction),
    explainCommand({ server, switches, drops }),
    selectionActions(chat),
    inlineEdit(server, proposals),
    commitMessages(server),
    modelCommands(server),
    tiers,
    picture,
    tiersView(server, tiers, picture),
    evidenceLines(server, () => chat.evidence),
    ...chatCommands(chat),
    ...serverCommands(server, log),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsNewServer(event)) {
        server.renew().catch(() => undefined); // the status tells
      }
    }),
  );
  atExit = async () => {
    await history.flush();
    await server.stop();
    // An answer that was being written has now ended, and its chat been changed.
    await history.flush();
  };
}

export function deactivate(): Promise<void> | undefined {
  return atExit?.();
}

async function addToChat(chat: ChatView, chips: readonly StoredChip[]): Promise<void> {
  if (chips.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('The file lies in no open folder.'));
    return;
  }
  await chat.addChips(chips);
}

function chatCommands(chat: ChatView): vscode.Disposable[] {
  return [
    vscode.commands.registerCommand('leoam.chat.new', () => chat.startNewChat()),
    vscode.commands.registerCommand('leoam.chat.history', () => chat.showHistory()),
    vscode.commands.registerCommand('leoam.chat.addSelection', async () => {
      const editor = vscode.window.activeTextEditor;
      const chip = editor && (selectionChip(editor) ?? uriChip('file', editor.document.uri));
      await addToChat(chat, chip === undefined ? [] : [chip]);
    }),
    vscode.commands.registerCommand('leoam.chat.addOpenEditors', () => chat.addOpenEditors()),
    // The explorer tells what was clicked and all that is selected.
    vscode.commands.registerCommand(
      'leoam.chat.addFile',
      async (uri?: vscode.Uri, selected?: readonly vscode.Uri[]) => {
        const active = vscode.window.activeTextEditor?.document.uri;
        const wanted = selected?.length ? selected : [uri ?? active].flatMap((one) => one ?? []);
        const chips = await Promise.all(
          wanted.map(async (one) => {
            const { type } = await vscode.workspace.fs.stat(one);
            return uriChip(type === vscode.FileType.Directory ? 'folder' : 'file', one) ?? [];
          }),
        );
        await addToChat(chat, chips.flat());
      },
    ),
  ];
}

function serverCommands(server: Server, log: vscode.LogOutputChannel): vscode.Disposable[] {
  const told = (run: () => Promise<unknown>) => async (): Promise<void> => {
    try {
      await run();
    } catch (error) {
      const show = vscode.l10n.t('Show the log');
      if ((await vscode.window.showErrorMessage(sentenceOf(error), show)) === show) {
        log.show();
      }
    }
  };
  const command = (name: string, run: () => Promise<unknown>): vscode.Disposable =>
    vscode.commands.registerCommand(name, told(run));
  return [
    vscode.commands.registerCommand('leoam.server.showLog', () => log.show()),
    command('leoam.server.restart', async () => {
      await server.renew();
      await server.start();
    }),
    command('leoam.index.pause', () => server.request(indexPause, {})),
    command('leoam.index.resume', () => server.request(indexResume, {})),
    command('leoam.index.refresh', async () => {
      const folder = folderOf();
      return folder === undefined ? undefined : server.request(indexRefresh, { folder });
    }),
    command('leoam.index.showSkipped', () => showSkipped(server)),
  ];
}

async function showSkipped(server: Server): Promise<void> {
  const folder = folderOf();
  if (folder === undefined) {
    return;
  }
  const skipped = await server.request(indexSkipped, { folder });
  const lines = skipped.map(({ path, reason }) => `${path}\t${reason}`);
  const title = vscode.l10n.t('Files and folders that LeoAM does not read, and why');
  const content = [title, '', ...lines, ''].join('\n');
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content }));
}

function commandOf(id: Action['id']): string {
  switch (id) {
    case 'retry':
    case 'restartServer':
      return 'leoam.server.restart';
    case 'showLog':
      return 'leoam.server.showLog';
    case 'chooseModel':
      return 'leoam.model.select';
    case 'fetchModel':
      return 'leoam.model.fetch';
    case 'openFolder':
      return 'workbench.action.files.openFolder';
    case 'manageTrust':
      return 'workbench.trust.manage';
    case 'resume':
      return 'leoam.index.resume';
  }
}
