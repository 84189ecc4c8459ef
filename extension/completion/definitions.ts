// Where the names around a cursor are defined, as VS Code's language servers know: they tell
// apart what has the same name.

import * as vscode from 'vscode';
import type { Definition } from '../../server/protocol/completion.js';
import { namesAround } from './namesAround.js';

const linesBefore = 8;
const linesBehind = 2;

/** In other files of the workspace. What has not been found in time is left out. */
export async function definitionsAround(
  document: vscode.TextDocument,
  position: vscode.Position,
  withinMs: number,
): Promise<Definition[]> {
  const first = Math.max(0, position.line - linesBefore);
  const range = new vscode.Range(first, 0, position.line + linesBehind, Infinity);
  const text = document.getText(document.validateRange(range));
  const found: Definition[][] = [];
  const lookUps = namesAround(text, position.line - first).map(
    async ({ name, line, character }, index) => {
      const places = await vscode.commands.executeCommand<
        (vscode.Location | vscode.LocationLink)[] | undefined
      >(
        'vscode.executeDefinitionProvider',
        document.uri,
        new vscode.Position(first + line, character),
      );
      found[index] = (places ?? []).slice(0, 1).flatMap((place) => definitionOf(name, place));
    },
  );
  await Promise.race([
    Promise.allSettled(lookUps),
    new Promise((resolve) => setTimeout(resolve, withinMs)),
  ]);
  const own = document.uri.toString();
  return found.flat().filter(({ uri }) => uri !== own);
}

function definitionOf(name: string, place: vscode.Location | vscode.LocationLink): Definition[] {
  const [uri, range] =
    'targetUri' in place ? [place.targetUri, place.targetRange] : [place.uri, place.range];
  const isInWorkspace = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  return uri.scheme === 'file' && isInWorkspace
    ? [{ name, uri: uri.toString(), line: range.start.line }]
    : [];
}
