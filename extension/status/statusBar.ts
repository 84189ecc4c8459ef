// The status-bar item: what LeoAM is doing in a few words, and a menu behind it.

import * as vscode from 'vscode';
import type { StatusDetail } from '../../server/protocol/status.js';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';
import type { StatusView } from '../shared/messages.js';

/** Commands of the menu, each with its title. */
type Entry = vscode.QuickPickItem & { command: string };

export function statusBar(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem(
    'leoam.status',
    vscode.StatusBarAlignment.Right,
    90,
  );
  item.name = 'LeoAM';
  item.command = 'leoam.status.menu';
  const show = (): void => {
    const status = statusView(server);
    item.text = textOf(status, server.status?.detail);
    item.tooltip = `LeoAM: ${status.message}`;
    item.backgroundColor =
      status.health === 'error'
        ? new vscode.ThemeColor('statusBarItem.errorBackground')
        : status.state === 'noModel'
          ? new vscode.ThemeColor('statusBarItem.warningBackground')
          : undefined;
    item.accessibilityInformation = { label: `LeoAM: ${status.message}`, role: 'button' };
  };
  show();
  item.show();
  return vscode.Disposable.from(
    item,
    server.onDidChange(show),
    vscode.workspace.onDidChangeWorkspaceFolders(show),
    vscode.commands.registerCommand('leoam.status.menu', () => openMenu(server)),
  );
}

function textOf({ state, progress = 0, secondsLeft }: StatusView, detail?: StatusDetail): string {
  const percent = Math.floor(100 * progress);
  switch (state) {
    case 'noFolder':
      return '$(library) LeoAM';
    case 'noModel':
      return `$(cloud-download) ${vscode.l10n.t('LeoAM: no model')}`;
    case 'downloading':
      return `$(sync~spin) ${vscode.l10n.t('LeoAM: downloading {0} %', percent)}`;
    case 'loading':
      return `$(sync~spin) ${vscode.l10n.t('LeoAM: loading')}`;
    case 'indexing':
      return `$(sync~spin) ${readText(percent, detail)}${left(secondsLeft)}`;
    case 'answering':
      return `$(comment-discussion) ${vscode.l10n.t('LeoAM: answering')}`;
    case 'paused':
      return `$(debug-pause) ${vscode.l10n.t('LeoAM: paused')}`;
    case 'error':
      return `$(error) ${vscode.l10n.t('LeoAM: error')}`;
    case 'ready':
      return `$(check) ${vscode.l10n.t('LeoAM: ready')}`;
    case 'stopped':
      return '$(library) LeoAM';
  }
}

function readText(percent: number, detail: StatusDetail | undefined): string {
  return detail?.kind === 'reading' && detail.filesTotal > 0
    ? vscode.l10n.t('LeoAM: read {0} of {1} files', detail.filesDone, detail.filesTotal)
    : vscode.l10n.t('LeoAM: read {0} %', percent);
}

function left(seconds: number | undefined): string {
  if (seconds === undefined) {
    return '';
  }
  return seconds < 60
    ? `, ${vscode.l10n.t('{0} s', Math.ceil(seconds))}`
    : `, ${vscode.l10n.t('{0} min', Math.ceil(seconds / 60))}`;
}

async function openMenu(server: Server): Promise<void> {
  const { state, message } = statusView(server);
  const entry = (icon: string, label: string, command: string): Entry => ({
    label: `$(${icon}) ${label}`,
    command,
  });
  const entries = [
    entry('comment-discussion', vscode.l10n.t('Open the chat'), 'leoam.chat.focus'),
    state === 'paused'
      ? entry('play', vscode.l10n.t('Read the folder'), 'leoam.index.resume')
      : entry('debug-pause', vscode.l10n.t('Pause reading'), 'leoam.index.pause'),
    entry('refresh', vscode.l10n.t('Look for changes and read them'), 'leoam.index.refresh'),
    entry('list-filter', vscode.l10n.t('What is left out, and why'), 'leoam.index.showSkipped'),
    entry('package', vscode.l10n.t('Choose a model'), 'leoam.model.select'),
    entry('output', vscode.l10n.t('Show the log'), 'leoam.server.showLog'),
    entry('debug-restart', vscode.l10n.t('Restart LeoAM'), 'leoam.server.restart'),
  ];
  const chosen = await vscode.window.showQuickPick(entries, { title: `LeoAM: ${message}` });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
