// The commands that turn suggestions on and off. Owns leoam.completion.toggle,
// leoam.completion.toggleLanguage and leoam.completion.snooze.

import * as vscode from 'vscode';
import { shownLanguage, stateText } from './stateText.js';
import type { Switches } from './switches.js';

const snoozeMinutes = [5, 15, 60];

export function completionCommands(switches: Switches): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand('leoam.completion.toggle', () => switches.toggle()),
    vscode.commands.registerCommand('leoam.completion.toggleLanguage', () =>
      toggleLanguage(switches),
    ),
    vscode.commands.registerCommand('leoam.completion.snooze', () => snooze(switches)),
  );
}

async function toggleLanguage(switches: Switches): Promise<void> {
  const languageId = shownLanguage();
  if (languageId === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Open a file of the folder: its language is meant.'),
    );
    return;
  }
  await switches.toggleLanguage(languageId);
}

async function snooze(switches: Switches): Promise<void> {
  const state = switches.stateFor();
  const times = snoozeMinutes.map((minutes) => ({
    label: vscode.l10n.t('For {0} minutes', minutes),
    run: () => switches.snooze(minutes),
  }));
  const end = {
    label: vscode.l10n.t('End the snooze now'),
    run: async () => switches.endSnooze(),
  };
  const choices = state.kind === 'snoozed' ? [end, ...times] : times;
  const chosen = await vscode.window.showQuickPick(choices, {
    title: stateText(state),
    placeHolder: vscode.l10n.t('For how long should no suggestions come?'),
  });
  await chosen?.run();
}
