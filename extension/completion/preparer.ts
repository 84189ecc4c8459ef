// A cursor that has come to rest somewhere is likely to be typed at: the server is told, and
// computes what the place needs when it has nothing else to do.

import * as vscode from 'vscode';
import { completionPrepare } from '../../server/protocol/completion.js';
import type { Server } from '../server/server.js';
import { showsSuggestions } from '../settings.js';
import { reasonAgainst } from './gate.js';
import type { Switches } from './switches.js';

const restMs = 400;

export function prepareAtRest(
  server: Pick<Server, 'state' | 'request'>,
  switches: Pick<Switches, 'stateFor'>,
): vscode.Disposable {
  let resting: NodeJS.Timeout | undefined;
  let asked: vscode.CancellationTokenSource | undefined;
  const ask = (editor: vscode.TextEditor): void => {
    const { document, selection } = editor;
    const isWanted =
      editor === vscode.window.activeTextEditor &&
      server.state === 'running' &&
      showsSuggestions(document) &&
      reasonAgainst(document, switches) === undefined;
    if (!isWanted) {
      return;
    }
    asked = new vscode.CancellationTokenSource();
    const { line, character } = selection.active;
    const position = { line, character };
    server
      .request(completionPrepare, { uri: document.uri.toString(), position }, asked.token)
      .catch(() => undefined); // the first key finds less, no more
  };
  const rest = (editor: vscode.TextEditor | undefined): void => {
    clearTimeout(resting);
    asked?.cancel();
    asked = undefined;
    if (editor !== undefined) {
      resting = setTimeout(() => ask(editor), restMs);
    }
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      // Writing moves the cursors of other editors of the same file, too.
      if (textEditor === vscode.window.activeTextEditor) {
        rest(textEditor);
      }
    }),
    vscode.window.onDidChangeActiveTextEditor(rest),
    { dispose: () => rest(undefined) },
  );
}
