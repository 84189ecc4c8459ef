// "Why was nothing shown?": a document to read, written anew each time. Owns
// leoam.completion.explain and the scheme `leoam-suggestions`.

import * as vscode from 'vscode';
import { completionRecent, type CompletionRecord } from '../../server/protocol/completion.js';
import { sentenceOf } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';
import { showsSuggestions } from '../settings.js';
import type { Drops } from './drops.js';
import { explanation } from './explain.js';
import { shownState, stateText } from './stateText.js';
import type { Switches } from './switches.js';

const scheme = 'leoam-suggestions';
/** VS Code takes a new text over by itself, some moments after it was told of it. */
const takenOverMs = 2000;

export interface ExplainOptions {
  server: Pick<Server, 'state' | 'status' | 'problem' | 'request'>;
  switches: Switches;
  drops: Drops;
}

export function explainCommand(options: ExplainOptions): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  let text = '';
  const show = async (): Promise<void> => {
    text = await explain(options);
    // The ending has VS Code colour it as Markdown.
    const path = `/${vscode.l10n.t('Why was nothing shown')}.md`;
    const uri = vscode.Uri.from({ scheme, path });
    const document = await vscode.workspace.openTextDocument(uri);
    changed.fire(uri);
    await untilItHas(document, text);
    const top = new vscode.Range(0, 0, 0, 0);
    await vscode.window.showTextDocument(document, { preview: true, selection: top });
  };
  return vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(scheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: () => text,
    }),
    vscode.commands.registerCommand('leoam.completion.explain', show),
  );
}

/** A document that is open already would be shown with the text of the last time. */
function untilItHas(document: vscode.TextDocument, text: string): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (document.getText() === text) {
        done();
      }
    };
    const done = (): void => {
      clearTimeout(timeout);
      changes.dispose();
      resolve();
    };
    const timeout = setTimeout(done, takenOverMs);
    const changes = vscode.workspace.onDidChangeTextDocument(check);
    check();
  });
}

/** The editor that it was asked in is still the active one. */
async function explain({ server, switches, drops }: ExplainOptions): Promise<string> {
  const notices = [`${stateText(shownState(switches, server))}. ${statusView(server).message}`];
  if (!showsSuggestions(vscode.window.activeTextEditor?.document)) {
    notices.push(
      vscode.l10n.t('VS Code shows no suggestions: editor.inlineSuggest.enabled is off.'),
    );
  }
  let records: CompletionRecord[] = [];
  // Where it does not run, it knows nothing, and is not started to say so.
  if (server.state === 'running') {
    try {
      records = await server.request(completionRecent, {});
    } catch (error) {
      notices.push(sentenceOf(error));
    }
  }
  return explanation({ notices, records, drops: drops.recent() });
}
