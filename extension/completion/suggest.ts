// A suggestion that is asked for by a key or a command: LeoAM is started where it does not run, since
// VS Code knows nobody to ask until the language client does. Owns leoam.completion.suggest.

import * as vscode from 'vscode';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';
import type { Action } from '../shared/messages.js';

type Asked = Pick<Server, 'state' | 'status' | 'problem' | 'start' | 'onDidChange'>;

/** `runAction`: does what the user chooses where no model is there, or it failed. */
export function suggestCommand(
  server: Asked,
  runAction: (id: Action['id']) => void,
): vscode.Disposable {
  let newest = 0;
  return vscode.commands.registerCommand('leoam.completion.suggest', async () => {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      return;
    }
    if (stateOf(server) !== 'suggests') {
      server.start().catch(() => undefined); // its state tells
    }
    const asked = ++newest;
    const outcome = await outcomeAt(editor, server);
    if (outcome === 'left' || asked !== newest) {
      return;
    }
    const { message, actions } = statusView(server);
    // Only now, and also for others that suggest: VS Code does not ask twice at one place.
    void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    if (outcome === 'hindered') {
      const labels = actions.map(({ label }) => label);
      const chosen = await vscode.window.showWarningMessage(message, ...labels);
      actions.filter(({ label }) => label === chosen).forEach(({ id }) => runAction(id));
    }
  });
}

/** How waiting ends: `left` where the user goes on elsewhere, and no longer looks for an answer. */
function outcomeAt(
  editor: vscode.TextEditor,
  server: Asked,
): Promise<'suggests' | 'hindered' | 'left'> {
  const { document, selection } = editor;
  const { version } = document;
  const isThere = (): boolean =>
    vscode.window.activeTextEditor === editor &&
    editor.document === document &&
    document.version === version &&
    editor.selection.active.isEqual(selection.active);
  return new Promise((resolve) => {
    const look = (): void => {
      const state = isThere() ? stateOf(server) : 'left';
      if (state !== 'starting') {
        listeners.dispose();
        resolve(state);
      }
    };
    const listeners = vscode.Disposable.from(
      server.onDidChange(look),
      vscode.window.onDidChangeTextEditorSelection(look),
      vscode.window.onDidChangeActiveTextEditor(look),
      vscode.workspace.onDidChangeTextDocument(look),
    );
    look();
  });
}

function stateOf({ state, status }: Asked): 'starting' | 'suggests' | 'hindered' {
  switch (state) {
    case 'idle':
    case 'starting':
      return 'starting';
    case 'ended':
    case 'failed':
      return 'hindered';
    case 'running':
      break;
  }
  switch (status?.state) {
    case undefined:
    case 'loading':
    case 'noFolder': // before it opens them; without any there is no such command
      return 'starting';
    case 'indexing':
    case 'ready':
    case 'answering':
    case 'paused':
      return 'suggests';
    case 'noModel':
    case 'downloading':
    case 'error':
      return 'hindered';
  }
}
