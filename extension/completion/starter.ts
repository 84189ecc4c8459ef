// The server is started by the first line that someone writes where suggestions are wanted, so
// that a window in which nobody does costs nothing.

import * as vscode from 'vscode';
import type { Server } from '../server/server.js';
import { showsSuggestions } from '../settings.js';
import { reasonAgainst } from './gate.js';
import type { Switches } from './switches.js';

export function startAtFirstEdit(
  server: Pick<Server, 'state' | 'start'>,
  switches: Pick<Switches, 'stateFor'>,
): vscode.Disposable {
  return vscode.workspace.onDidChangeTextDocument(({ document, reason }) => {
    // Undoing is not writing; a file that was read anew from the disk is not dirty. A server
    // that failed is left to the user.
    const isWritten = document.isDirty && reason === undefined && showsSuggestions(document);
    if (server.state === 'idle' && isWritten && reasonAgainst(document, switches) === undefined) {
      server.start().catch(() => undefined); // the status tells
    }
  });
}
