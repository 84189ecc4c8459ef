// A cursor that has come to rest somewhere is likely to be typed at: the server is told, and
// computes what the place needs when it has nothing else to do.

import * as vscode from 'vscode';
import { completionPrepare } from '../../server/protocol/completion.js';
import type { Server } from '../server/server.js';
import { showsSuggestions } from '../settings.js';
import { definitionsAround } from './definitions.js';
import { reasonAgainst } from './gate.js';
import type { Switches } from './switches.js';

const restMs = 400;
/** For the language servers to say where names are defined. */
const definitionsMs = 300;

export function prepareAtRest(
  server: Pick<Server, 'state' | 'request'>,
  switches: Pick<Switches, 'stateFor'>,
): vscode.Disposable {
  let resting: NodeJS.Timeout | undefined;
  let asked: vscode.CancellationTokenSource | undefined;
  const ask = async (editor: vscode.TextEditor): Promise<void> => {
    const { document, selection } = editor;
    const isWanted =
      editor === vscode.window.activeTextEditor &&
      server.state === 'running' &&
      showsSuggestions(document) &&
      reasonAgainst(document, switches) === undefined;
    if (!isWanted) {
      return;
    }
    const source = new vscode.CancellationTokenSource();
    asked = source;
    const { active } = selection;
    const { line, character } = active;
    const definitions = await definitionsAround(document, active, definitionsMs);
    if (!source.token.isCancellationRequested) {
      const uri = document.uri.toString();
      const params = { uri, position: { line, character }, definitions };
      await server.request(completionPrepare, params, source.token);
    }
  };
  const rest = (editor: vscode.TextEditor | undefined): void => {
    clearTimeout(resting);
    asked?.cancel();
    asked = undefined;
    if (editor !== undefined) {
      // Where that fails, the first key finds less, no more.
      resting = setTimeout(() => void ask(editor).catch(() => undefined), restMs);
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
