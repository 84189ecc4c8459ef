// What chat and suggestions of the extension use of VS Code, as far as tests outside of it need it. Modules that
// import `vscode` are to be imported after this one, by `await import()`.

import { readFile } from 'node:fs/promises';
import { register } from 'node:module';

class Uri {
  private constructor(private readonly text: string) {}

  get fsPath(): string {
    return decodeURIComponent(new URL(this.text).pathname);
  }

  get path(): string {
    return new URL(this.text).pathname;
  }

  get scheme(): string {
    return this.text.slice(0, this.text.indexOf(':'));
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

class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };

  fire(value: T): void {
    this.listeners.forEach((listener) => listener(value));
  }

  dispose(): void {
    this.listeners.clear();
  }
}

class Range {
  constructor(
    readonly startLine: number,
    readonly startCharacter: number,
    readonly endLine: number,
    readonly endCharacter: number,
  ) {}
}

class MarkdownString {
  value = '';

  appendText(text: string): void {
    this.value += text;
  }

  appendMarkdown(text: string): void {
    this.value += text;
  }
}

class Disposable {
  constructor(readonly dispose: () => void) {}

  static from(...parts: { dispose(): void }[]): Disposable {
    return new Disposable(() => parts.forEach((part) => part.dispose()));
  }
}

/** What is marked in an editor, by the mark. */
interface Marked {
  document: { uri: Uri; lineCount: number };
  setDecorations(mark: unknown, options: { range: Range; hoverMessage?: string }[]): void;
}

interface Document {
  uri: Uri;
  isDirty: boolean;
  getText(): string;
}

/** A document in an editor, as far as suggestions look at it. */
interface EditedDocument {
  uri: Uri;
  languageId: string;
  isDirty: boolean;
  version: number;
}

interface InputBox {
  title: string;
  prompt: string;
  /** Why it cannot be taken. */
  validateInput(text: string): string | undefined;
}

interface DocumentChange {
  document: EditedDocument;
  reason?: number;
}

interface Editor {
  document: EditedDocument;
  selection: { active: { line: number; isEqual(other: { line: number }): boolean } };
}

/** What stands in the status bar. */
interface StatusItem {
  text: string;
  tooltip: string;
}

/** One line of a list to choose from. */
interface Choice {
  label: string;
  command?: string;
}

const nothing = { dispose: () => undefined };
const never = () => nothing;
const told: string[] = [];
const documents: Document[] = [];
const settings = new Map<string, unknown>();
const reconfigured = new EventEmitter<{ affectsConfiguration(name: string): boolean }>();
const edited = new EventEmitter<DocumentChange>();
const moved = new EventEmitter<object>();
const commands = new Map<string, (...given: unknown[]) => unknown>();
const executed: string[] = [];
const visible: Marked[] = [];
const answers: string[] = [];
const entries: string[] = [];
const choices: string[] = [];
const prompts: string[] = [];
const items: StatusItem[] = [];
const lists: (readonly Choice[])[] = [];
const tell = (message: string): Promise<string | undefined> => {
  told.push(message);
  return Promise.resolve(answers.shift());
};

const api = {
  Uri,
  CancellationTokenSource,
  EventEmitter,
  Range,
  MarkdownString,
  Disposable,
  OverviewRulerLane: { Left: 1 },
  StatusBarAlignment: { Right: 2 },
  QuickPickItemKind: { Separator: -1 },
  ThemeColor: class {
    constructor(readonly id: string) {}
  },
  ThemeIcon: class ThemeIcon {
    static readonly Folder = new ThemeIcon('folder');
    static readonly File = new ThemeIcon('file');
    constructor(readonly id: string) {}
  },
  TreeItem: class {
    constructor(
      readonly label: string,
      readonly collapsibleState: number,
    ) {}
  },
  TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
  InlineCompletionTriggerKind: { Invoke: 0, Automatic: 1 },
  ConfigurationTarget: { Global: 1, Workspace: 2 },
  l10n: {
    t: (text: string, ...values: unknown[]) =>
      text.replace(/\{(\d)\}/gu, (_place, index) => String(values[Number(index)])),
  },
  env: { language: 'en' },
  commands: {
    executeCommand: (name: string) => {
      executed.push(name);
      return Promise.resolve();
    },
    registerCommand: (name: string, run: (...given: unknown[]) => unknown) => {
      commands.set(name, run);
      return new Disposable(() => void commands.delete(name));
    },
  },
  window: {
    activeTextEditor: undefined as Editor | undefined,
    visibleTextEditors: visible,
    onDidChangeVisibleTextEditors: never,
    onDidChangeActiveTextEditor: never,
    onDidChangeTextEditorSelection: moved.event,
    createTreeView: () => ({ ...nothing, visible: false, onDidChangeVisibility: never }),
    createTextEditorDecorationType: (look: object) => ({ ...look, ...nothing }),
    createStatusBarItem: () => {
      const item = { text: '', tooltip: '', show: () => undefined, ...nothing };
      items.push(item);
      return item;
    },
    tabGroups: { all: [] },
    showInformationMessage: tell,
    showWarningMessage: tell,
    showErrorMessage: tell,
    showInputBox: ({ title, prompt, validateInput }: InputBox) => {
      const entered = entries.shift();
      prompts.push(`${title}: ${prompt}`);
      return Promise.resolve(
        entered === undefined || validateInput(entered) !== undefined ? undefined : entered,
      );
    },
    showQuickPick: (list: readonly Choice[]) => {
      lists.push(list);
      const chosen = choices.shift();
      return Promise.resolve(list.find(({ label }) => label === chosen));
    },
  },
  languages: {},
  extensions: { all: [] as { packageJSON: unknown }[] },
  workspace: {
    isTrusted: true,
    workspaceFolders: ['a', 'b'].map((name) => ({ name, uri: Uri.parse(`file:///${name}`) })),
    textDocuments: documents,
    getWorkspaceFolder: (uri: Uri) =>
      api.workspace.workspaceFolders.find((folder) =>
        uri.toString().startsWith(String(folder.uri)),
      ),
    asRelativePath: (uri: Uri) => uri.fsPath.split('/').slice(2).join('/'),
    getConfiguration: (section: string) => ({
      get: (name: string, value: unknown) => settings.get(`${section}.${name}`) ?? value,
      inspect: (name: string) => ({ globalValue: settings.get(`${section}.${name}`) }),
      update: (name: string, value: unknown) => Promise.resolve(configure(name, value, section)),
    }),
    onDidChangeConfiguration: reconfigured.event,
    onDidGrantWorkspaceTrust: never,
    onDidChangeWorkspaceFolders: never,
    onDidChangeTextDocument: edited.event,
    onDidOpenTextDocument: never,
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

/** The items of the status bar, as they are now. */
export const statusItems: readonly StatusItem[] = items;

/** The lists that the user was shown, in order. */
export const shownLists: readonly (readonly Choice[])[] = lists;

/** The commands that the extension ran, in order. */
export const executedCommands: readonly string[] = executed;

/** Runs a command that the extension has registered. */
export async function runCommand(name: string, ...given: unknown[]): Promise<void> {
  await commands.get(name)?.(...given);
}

/** Presses this button of the next message that is shown; otherwise messages are closed. */
export function pressNext(button: string): void {
  answers.push(button);
}

/** Enters this in the next box; what the box does not take, and otherwise, nothing is entered. */
export function enterNext(text: string): void {
  entries.push(text);
}

/** The boxes that something could be entered in, in order: title and what is said below. */
export const shownBoxes: readonly string[] = prompts;

/** Chooses the item of this label in the next list; otherwise lists are closed. */
export function chooseNext(label: string): void {
  choices.push(label);
}

/** What `leoam.name` is set to. */
export function configured(name: string): unknown {
  return settings.get(`leoam.${name}`);
}

/**
 * Opens a file in an editor that is seen; the returned list is of its marked lines, counted from 0.
 * What is said of them at the pointer is put into `hovers`.
 */
export function showEditor(
  uri: string,
  lineCount: number,
  hovers = new Map<number, string>(),
): [first: number, last: number][] {
  const byMark = new Map<unknown, [number, number][]>();
  const marked: [number, number][] = [];
  visible.push({
    document: { uri: Uri.parse(uri), lineCount },
    setDecorations: (mark, options) => {
      options.forEach((one) => hovers.set(one.range.startLine, one.hoverMessage ?? ''));
      byMark.set(
        mark,
        options.map(({ range }) => [range.startLine, range.endLine]),
      );
      marked.splice(0, Infinity, ...[...byMark.values()].flat());
    },
  });
  return marked;
}

/** Opens a file in an editor that holds an unsaved text; the returned call closes it. */
export function editUnsaved(uri: string, text: string): () => void {
  documents.push({ uri: Uri.parse(uri), isDirty: true, getText: () => text });
  return () => void documents.pop();
}

/** Sets `section.name`; `undefined` takes it back. */
export function configure(name: string, value: unknown, section = 'leoam'): void {
  settings.set(`${section}.${name}`, value);
  const full = `${section}.${name}`;
  reconfigured.fire({ affectsConfiguration: (wanted) => full.startsWith(wanted) });
}

/** Makes it the active editor's document; the returned one is the same. */
export function editActively(uri: string, languageId: string): EditedDocument {
  const document = { uri: Uri.parse(uri), languageId, isDirty: true, version: 1 };
  api.window.activeTextEditor = { document, selection: at(1) };
  return document;
}

function at(line: number): Editor['selection'] {
  return { active: { line, isEqual: (other) => other.line === line } };
}

/** Moves the cursor of the active editor. */
export function moveCursor(line: number): void {
  if (api.window.activeTextEditor !== undefined) {
    api.window.activeTextEditor.selection = at(line);
  }
  moved.fire({});
}

/** What VS Code tells of a document that was changed. */
export function tellChange(change: DocumentChange): void {
  edited.fire(change);
}

export function trust(isTrusted: boolean): void {
  api.workspace.isTrusted = isTrusted;
}

/** Extensions are there that bring these languages, by id. */
export function bringLanguages(names: Record<string, string>): void {
  const languages = Object.entries(names).map(([id, name]) => ({ id, aliases: [name] }));
  api.extensions.all = [{ packageJSON: {} }, { packageJSON: { contributes: { languages } } }];
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
