// What the status says to the user: the server's own where it runs, else what keeps it from it.

import * as vscode from 'vscode';
import { buttons } from './problems.js';
import type { Server } from './server.js';
import type { Action, StatusView } from '../shared/messages.js';

export function statusView(server: Pick<Server, 'state' | 'status'>): StatusView {
  const { status } = server;
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    return as('noFolder', 'ok', vscode.l10n.t('Open a folder, and LeoAM reads it.'), [
      'openFolder',
    ]);
  }
  if (server.state === 'ended') {
    return as('error', 'error', vscode.l10n.t('LeoAM has ended unexpectedly several times.'), [
      'restartServer',
      'showLog',
    ]);
  }
  if (server.state === 'idle') {
    return as('stopped', 'ok', vscode.l10n.t('LeoAM starts with the first question.'), []);
  }
  if (status === undefined) {
    return as('loading', 'ok', vscode.l10n.t('LeoAM is starting.'), []);
  }
  const { state, health, message, progress, secondsLeft } = status;
  const actions: Action['id'][] = [...status.actions];
  if (state === 'error') {
    actions.push('chooseModel', 'showLog');
  }
  return {
    state,
    health,
    message: translated(state, message),
    actions: buttons(actions),
    ...(progress === undefined ? {} : { progress }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

/** The server speaks English; what it says again and again is said in the user's language. */
function translated(state: StatusView['state'], message: string): string {
  switch (state) {
    case 'loading':
      return vscode.l10n.t('Loading the model.');
    case 'indexing':
      return vscode.l10n.t('Reading the folder.');
    case 'answering':
      return vscode.l10n.t('Answering.');
    default:
      return message;
  }
}

function as(
  state: StatusView['state'],
  health: StatusView['health'],
  message: string,
  actions: Action['id'][],
): StatusView {
  return { state, health, message, actions: buttons(actions) };
}
