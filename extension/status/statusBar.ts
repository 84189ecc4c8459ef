// The status-bar item: what LeoAM is doing in a few words, and a menu behind it.

import * as vscode from 'vscode';
import type { StatusDetail } from '../../server/protocol/status.js';
import { shownState, stateText } from '../completion/stateText.js';
import type { Switches } from '../completion/switches.js';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';
import type { StatusView } from '../shared/messages.js';
import { openMenu } from './menu.js';

export function statusBar(server: Server, switches: Switches): vscode.Disposable {
  const item = vscode.window.createStatusBarItem(
    'leoam.status',
    vscode.StatusBarAlignment.Right,
    90,
  );
  item.name = 'LeoAM';
  item.command = 'leoam.status.menu';
  const show = (): void => {
    const status = statusView(server);
    const suggestions = shownState(switches, server);
    const hasFolder = status.state !== 'noFolder';
    const mark = hasFolder && suggestions.kind !== 'on' ? ' $(circle-slash)' : '';
    const label = [`LeoAM: ${status.message}`, ...(hasFolder ? [stateText(suggestions)] : [])];
    item.text = `${textOf(status, server.status?.detail)}${mark}`;
    item.tooltip = label.join('\n');
    item.backgroundColor =
      status.health === 'error'
        ? new vscode.ThemeColor('statusBarItem.errorBackground')
        : status.state === 'noModel'
          ? new vscode.ThemeColor('statusBarItem.warningBackground')
          : undefined;
    item.accessibilityInformation = { label: label.join(' '), role: 'button' };
  };
  show();
  item.show();
  return vscode.Disposable.from(
    item,
    server.onDidChange(show),
    switches.onDidChange(show),
    vscode.window.onDidChangeActiveTextEditor(show),
    // The language of a document is changed by closing it and opening it anew.
    vscode.workspace.onDidOpenTextDocument(show),
    vscode.workspace.onDidChangeWorkspaceFolders(show),
    vscode.commands.registerCommand('leoam.status.menu', () => openMenu(server, switches)),
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
