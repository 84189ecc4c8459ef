// The name of a language as a user knows it: "TypeScript" for `typescript`. VS Code tells it
// nowhere, but the extensions that bring the languages do.

import * as vscode from 'vscode';

interface Manifest {
  contributes?: { languages?: { id?: string; aliases?: string[] }[] };
}

export function languageName(languageId: string): string {
  for (const { packageJSON } of vscode.extensions.all) {
    const languages = (packageJSON as Manifest | undefined)?.contributes?.languages ?? [];
    const name = languages.find(({ id }) => id === languageId)?.aliases?.[0];
    if (name !== undefined) {
      return name;
    }
  }
  return languageId;
}
