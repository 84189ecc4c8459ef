// What the status says to the user: the server's own where it runs, else what keeps it from it.

import * as vscode from 'vscode';
import type { StatusDetail } from '../../server/protocol/status.js';
import { buttons } from './problems.js';
import type { Server } from './server.js';
import type { Action, StatusView } from '../shared/messages.js';

export function statusView(server: Pick<Server, 'state' | 'status' | 'problem'>): StatusView {
  const { status } = server;
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    return as('noFolder', 'ok', vscode.l10n.t('Open a folder, and LeoAM reads it.'), [
      'openFolder',
    ]);
  }
  if (server.state === 'ended' || server.state === 'failed') {
    const message =
      server.problem === undefined
        ? vscode.l10n.t('LeoAM has ended unexpectedly several times.')
        : vscode.l10n.t('LeoAM could not be started: {0}', server.problem);
    return as('error', 'error', message, ['restartServer', 'showLog']);
  }
  if (server.state === 'idle') {
    return as(
      'stopped',
      'ok',
      vscode.l10n.t('LeoAM starts with the first question or line of code.'),
      [],
    );
  }
  if (status === undefined) {
    return as('loading', 'ok', vscode.l10n.t('LeoAM is starting.'), []);
  }
  const { state, health, message, detail, progress, secondsLeft } = status;
  const actions: Action['id'][] = [...status.actions];
  if (state === 'error') {
    actions.push('showLog');
  }
  const isRestricted = state === 'ready' && health === 'ok' && !vscode.workspace.isTrusted;
  return {
    state,
    health: isRestricted ? 'warning' : health,
    message: isRestricted ? restricted() : detail === undefined ? message : worded(detail),
    actions: buttons(isRestricted ? ['manageTrust'] : actions),
    ...(progress === undefined ? {} : { progress }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

function restricted(): string {
  return vscode.l10n.t(
    'This folder is not trusted: LeoAM answers, and leaves the settings that the folder ships aside.',
  );
}

/** The server speaks English; what it says again and again is said in the user's language. */
function worded(detail: StatusDetail): string {
  switch (detail.kind) {
    case 'loadingModel':
      return vscode.l10n.t('Loading the model.');
    case 'listing':
      return vscode.l10n.t('Listing the files of the folder.');
    case 'answering':
      return vscode.l10n.t('Answering.');
    case 'paused':
      return vscode.l10n.t('Reading is paused. Questions are answered all the same.');
    case 'ready':
      return vscode.l10n.t('Ready.');
    case 'noModel': {
      const { name, licence, bytes } = detail;
      return bytes === undefined
        ? vscode.l10n.t('The model {0} is not on this machine yet ({1}).', name, licence)
        : vscode.l10n.t(
            'The model {0} is not on this machine yet ({1}, {2} GB).',
            name,
            licence,
            gigabytes(bytes),
          );
    }
    case 'downloading':
      return vscode.l10n.t(
        'Fetching {0}: {1} of {2} MB.',
        detail.name,
        Math.round(detail.doneBytes / 1e6),
        Math.round(detail.totalBytes / 1e6),
      );
    case 'reading':
      return vscode.l10n.t(
        'Reading the folder: {0} of {1} files.',
        detail.filesDone,
        detail.filesTotal,
      );
    case 'cost':
      return vscode.l10n.t(
        'Reading this folder takes about {0} min, once ({1} tokens, {2} GB on disk). Questions are answered before, too.',
        Math.max(1, Math.round(detail.seconds / 60)),
        detail.tokens.toLocaleString(vscode.env.language),
        gigabytes(detail.bytes),
      );
    case 'readingStopped':
      return detail.cause === 'budget'
        ? vscode.l10n.t(
            'The budget of the store is used up. The rest of the folder is read when a question needs it.',
          )
        : detail.sentence;
  }
}

function gigabytes(bytes: number): string {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return (bytes / 1e9).toLocaleString(vscode.env.language, digits);
}

function as(
  state: StatusView['state'],
  health: StatusView['health'],
  message: string,
  actions: Action['id'][],
): StatusView {
  return { state, health, message, actions: buttons(actions) };
}
