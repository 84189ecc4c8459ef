// Whether suggestions come in the active editor, in words.

import * as vscode from 'vscode';
import { liesInFolder } from './gate.js';
import { languageName } from './languageName.js';
import type { SwitchState, Switches } from './switches.js';

/** The state in the active editor; where there is none, of all. */
export function shownState(switches: Pick<Switches, 'stateFor'>): SwitchState {
  return switches.stateFor(shownLanguage());
}

/** Language of the active editor, unless it shows something else than a file of the folder. */
export function shownLanguage(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document !== undefined && liesInFolder(document) ? document.languageId : undefined;
}

export function stateText(state: SwitchState): string {
  switch (state.kind) {
    case 'on':
      return vscode.l10n.t('Suggestions: on');
    case 'off':
      return vscode.l10n.t('Suggestions: off');
    case 'untrusted':
      return vscode.l10n.t('Suggestions: off, as this folder is not trusted');
    case 'offForLanguage':
      return vscode.l10n.t('Suggestions: off for {0}', languageName(state.languageId));
    case 'snoozed': {
      const digits = { hour: '2-digit', minute: '2-digit' } as const;
      const until = state.until.toLocaleTimeString(vscode.env.language, digits);
      return vscode.l10n.t('Suggestions: snoozed until {0}', until);
    }
  }
}
