// What the extension's chat uses of VS Code, as far as tests outside of it need it. Modules that
// import `vscode` are to be imported after this one, by `await import()`.

import { readFile } from 'node:fs/promises';
import { register } from 'node:module';

class Uri {
  private constructor(private readonly text: string) {}

  get fsPath(): string {
    return decodeURIComponent(new URL(this.text).pathname);
  }

  static parse(text: string): Uri {
    return new Uri(text);
  }

  static joinPath(base: Uri, path: string): Uri {
    return new Uri(`${base.text}/${path}`);
  }

  toString(): string {
    return this.text;
  }
}

class CancellationTokenSource {
  readonly token = { isCancellationRequested: false };

  cancel(): void {
    this.token.isCancellationRequested = true;
  }

  dispose(): void {
    // Nothing is held.
  }
}

interface Document {
  uri: Uri;
  isDirty: boolean;
  getText(): string;
}

const nothing = { dispose: () => undefined };
const never = () => nothing;
const told: string[] = [];
const documents: Document[] = [];
const tell = (message: string): Promise<undefined> => {
  told.push(message);
  return Promise.resolve(undefined);
};

const api = {
  Uri,
  CancellationTokenSource,
  l10n: {
    t: (text: string, ...values: unknown[]) =>
      text.replace(/\{(\d)\}/gu, (_place, index) => String(values[Number(index)])),
  },
  env: { language: 'en' },
  commands: { executeCommand: () => Promise.resolve() },
  window: {
    activeTextEditor: undefined,
    visibleTextEditors: [],
    tabGroups: { all: [] },
    showInformationMessage: tell,
    showWarningMessage: tell,
    showErrorMessage: tell,
  },
  languages: {},
  workspace: {
    isTrusted: true,
    workspaceFolders: ['a', 'b'].map((name) => ({ name, uri: Uri.parse(`file:///${name}`) })),
    textDocuments: documents,
    getWorkspaceFolder: (uri: Uri) =>
      api.workspace.workspaceFolders.find((folder) =>
        uri.toString().startsWith(String(folder.uri)),
      ),
    getConfiguration: () => ({ get: (_name: string, value: unknown) => value }),
    onDidChangeWorkspaceFolders: never,
    onDidChangeTextDocument: never,
    createFileSystemWatcher: () => ({
      ...nothing,
      onDidChange: never,
      onDidCreate: never,
      onDidDelete: never,
    }),
    fs: { readFile: (uri: Uri) => readFile(uri.fsPath) },
  },
};

/** The sentences that the user was shown, in order. */
export const shownMessages: readonly string[] = told;

/** Opens a file in an editor that holds an unsaved text; the returned call closes it. */
export function editUnsaved(uri: string, text: string): () => void {
  documents.push({ uri: Uri.parse(uri), isDirty: true, getText: () => text });
  return () => void documents.pop();
}

const key = 'leoamVscodeStub';
Object.assign(globalThis, { [key]: api });
const module = `export const { ${Object.keys(api).join(', ')} } = globalThis.${key};`;
const url = JSON.stringify(`data:text/javascript,${encodeURIComponent(module)}`);
register(
  `data:text/javascript,${encodeURIComponent(
    `export const resolve = (name, context, next) =>
      name === 'vscode' ? { url: ${url}, shortCircuit: true } : next(name, context);`,
  )}`,
);
