// The menu behind the status-bar item.

import * as vscode from 'vscode';
import { languageName } from '../completion/languageName.js';
import { shownLanguage, shownState, stateText } from '../completion/stateText.js';
import type { Switches } from '../completion/switches.js';
import { completionSettings } from '../settings.js';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';

/** Commands of the menu, each with its title; a line between them has none. */
type Entry = vscode.QuickPickItem & { command?: string };

export async function openMenu(server: Server, switches: Switches): Promise<void> {
  const { state, message } = statusView(server);
  const entries = [
    entry('comment-discussion', vscode.l10n.t('Open the chat'), 'leoam.chat.focus'),
    state === 'paused'
      ? entry('play', vscode.l10n.t('Read the folder'), 'leoam.index.resume')
      : entry('debug-pause', vscode.l10n.t('Pause reading'), 'leoam.index.pause'),
    entry('refresh', vscode.l10n.t('Look for changes and read them'), 'leoam.index.refresh'),
    entry('database', vscode.l10n.t('Show where what is read lies'), 'leoam.tiers.focus'),
    entry('list-filter', vscode.l10n.t('What is left out, and why'), 'leoam.index.showSkipped'),
    ...suggestionEntries(server, switches),
    line('LeoAM'),
    entry('package', vscode.l10n.t('Choose a model'), 'leoam.model.select'),
    entry('output', vscode.l10n.t('Show the log'), 'leoam.server.showLog'),
    entry('debug-restart', vscode.l10n.t('Restart LeoAM'), 'leoam.server.restart'),
  ];
  const chosen = await vscode.window.showQuickPick(entries, { title: `LeoAM: ${message}` });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

/** Below a line that says how things are: what would change that. */
function suggestionEntries(server: Server, switches: Switches): Entry[] {
  const language = shownLanguage();
  const state = shownState(switches, server);
  const entries = [
    line(stateText(state)),
    ...(state.kind === 'unfitModel'
      ? [entry('package', vscode.l10n.t('Choose a model that suggests'), 'leoam.model.select')]
      : []),
    switches.stateFor().kind === 'off'
      ? entry('lightbulb', vscode.l10n.t('Turn suggestions on'), 'leoam.completion.toggle')
      : entry('circle-slash', vscode.l10n.t('Turn suggestions off'), 'leoam.completion.toggle'),
  ];
  if (switches.stateFor().kind !== 'off') {
    if (language !== undefined) {
      const name = languageName(language);
      const isOff = !completionSettings(language).enabledForLanguage;
      entries.push(
        isOff
          ? entry('lightbulb', vscode.l10n.t('Turn suggestions on for {0}', name), languageCommand)
          : entry(
              'circle-slash',
              vscode.l10n.t('Turn suggestions off for {0}', name),
              languageCommand,
            ),
      );
    }
    entries.push(
      entry('bell-slash', vscode.l10n.t('Snooze suggestions'), 'leoam.completion.snooze'),
    );
  }
  entries.push(
    entry('question', vscode.l10n.t('Why was nothing shown?'), 'leoam.completion.explain'),
  );
  return entries;
}

const languageCommand = 'leoam.completion.toggleLanguage';

function entry(icon: string, label: string, command: string): Entry {
  return { label: `$(${icon}) ${label}`, command };
}

function line(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
