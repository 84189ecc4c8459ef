// Whether suggestions come in the active editor, in words.

import * as vscode from 'vscode';
import type { Server } from '../server/server.js';
import { liesInFolder } from './gate.js';
import { languageName } from './languageName.js';
import type { SwitchState, Switches } from './switches.js';

/** Suggestions may be wanted, and the model that is loaded be one that cannot make any. */
export type ShownState = SwitchState | { kind: 'unfitModel' };

/** The state in the active editor; where there is none, of all. */
export function shownState(
  switches: Pick<Switches, 'stateFor'>,
  { status }: Pick<Server, 'status'>,
): ShownState {
  const state = switches.stateFor(shownLanguage());
  return state.kind === 'on' && status?.canFillIn === false ? { kind: 'unfitModel' } : state;
}

/** Language of the active editor, unless it shows something else than a file of the folder. */
export function shownLanguage(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document !== undefined && liesInFolder(document) ? document.languageId : undefined;
}

export function stateText(state: ShownState): string {
  switch (state.kind) {
    case 'on':
      return vscode.l10n.t('Suggestions: on');
    case 'unfitModel':
      return vscode.l10n.t(
        'Suggestions: none, as this model was not made to fill in code; choose another one',
      );
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
