// A failure as one sentence for the user, with what to do about it.

import * as vscode from 'vscode';
import type { Action } from '../shared/messages.js';

/** The sentence of whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function buttons(ids: readonly Action['id'][]): Action[] {
  return ids.map((id) => ({ id, label: labelOf(id) }));
}

function labelOf(id: Action['id']): string {
  switch (id) {
    case 'retry':
      return vscode.l10n.t('Try again');
    case 'restartServer':
      return vscode.l10n.t('Restart LeoAM');
    case 'showLog':
      return vscode.l10n.t('Show the log');
    case 'chooseModel':
      return vscode.l10n.t('Choose a model');
    case 'fetchModel':
      return vscode.l10n.t('Download the model');
    case 'openFolder':
      return vscode.l10n.t('Open a folder');
    case 'manageTrust':
      return vscode.l10n.t('Manage trust');
    case 'resume':
      return vscode.l10n.t('Read the folder');
  }
}
