// The language server: LeoAM's services over LSP on standard input and output. One process a
// window; it ends with the window's.

import {
  createConnection,
  InlineCompletionTriggerKind,
  NotebookDocuments,
  ProposedFeatures,
  TextDocuments,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { wholeOf } from './lsp/notebooks.js';
import { LeoService } from './lsp/service.js';
import { misfit, notify, onRequest, signalOf } from './lsp/wire.js';
import { throttle } from './lsp/throttle.js';
import {
  chatAsk,
  chatClose,
  chatPrepare,
  chatCommitMessage,
  chatCountTokens,
  chatDidStream,
  chatRewrite,
} from './protocol/chat.js';
import { completionPrepare, completionRecent } from './protocol/completion.js';
import { filesFind } from './protocol/files.js';
import { modelsFetch, modelsList, modelsRemove } from './protocol/models.js';
import { serverOptions } from './protocol/options.js';
import { indexPause, indexRefresh, indexResume, indexSkipped } from './protocol/indexing.js';
import { statusDidChange, statusGet } from './protocol/status.js';
import {
  tiersClear,
  tiersDrop,
  tiersMove,
  tiersPin,
  tiersRebuild,
  tiersSetBudget,
  tiersShow,
  tiersVerify,
} from './protocol/tiers.js';

/** Between two notifications of the status. */
const statusIntervalMs = 100;

const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
const documents = new TextDocuments(TextDocument);
const notebooks = new NotebookDocuments(documents);
let service: LeoService | undefined;
let folders: string[] = [];

connection.onInitialize(({ initializationOptions, workspaceFolders, capabilities }) => {
  const checked = serverOptions.safeParse(initializationOptions ?? {});
  if (!checked.success) {
    throw misfit('initializationOptions', checked.error);
  }
  service = new LeoService(checked.data, {
    onStatusChange: throttle(statusIntervalMs, () =>
      notify(connection, statusDidChange, running().status()),
    ),
    onStream: (piece) => notify(connection, chatDidStream, piece),
    onNote: (note) => connection.console.info(note),
  });
  folders = (workspaceFolders ?? []).map(({ uri }) => uri);
  followFolders = capabilities.workspace?.workspaceFolders === true;
  return {
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Incremental,
      notebookDocumentSync: { notebookSelector: [{ notebook: { scheme: 'file' } }] },
      inlineCompletionProvider: true,
      workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    },
    serverInfo: { name: 'LeoAM' },
  };
});

let followFolders = false;

connection.onInitialized(() => {
  for (const uri of folders) {
    open(uri);
  }
  if (followFolders) {
    connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
      added.forEach(({ uri }) => open(uri));
      removed.forEach(({ uri }) => void running().closeFolder(uri));
    });
  }
});

connection.onDidChangeWatchedFiles(({ changes }) =>
  running().filesChanged(changes.map(({ uri }) => uri)),
);

documents.onDidChangeContent(({ document }) =>
  service?.completions.changed(wholeOf(document, notebooks)),
);
documents.onDidClose(({ document }) => service?.completions.closed(document.uri));

connection.languages.inlineCompletion.on(async ({ textDocument, position, context }, token) => {
  const document = documents.get(textDocument.uri);
  if (document === undefined) {
    running().completions.askedTooLate(textDocument.uri, position.line + 1);
    return [];
  }
  const { selectedCompletionInfo: selected, triggerKind } = context;
  const whole = wholeOf(document, notebooks);
  const suggestions = await running().completions.suggest(
    whole,
    {
      line: position.line + 1,
      offset: whole.offsetAt(position),
      isExplicit: triggerKind === InlineCompletionTriggerKind.Invoked,
      ...(selected === undefined
        ? {}
        : {
            selected: { start: whole.offsetAt(selected.range.start), text: selected.text },
          }),
    },
    signalOf(token),
    () => documents.get(textDocument.uri) === document,
  );
  return suggestions.map(({ text, start, end }) => ({
    insertText: text,
    range: { start: whole.positionAt(start), end: whole.positionAt(end) },
  }));
});
onRequest(connection, completionRecent, async () => running().completions.recent());
onRequest(connection, completionPrepare, async ({ uri, position, definitions = [] }, signal) => {
  const document = documents.get(uri);
  if (document !== undefined) {
    const whole = wholeOf(document, notebooks);
    await running().completions.prepare(whole, whole.offsetAt(position), definitions, signal);
  }
  return null;
});

onRequest(connection, chatAsk, (params, signal) => running().ask(params, signal));
onRequest(connection, chatPrepare, (params, signal) => running().prepare(params, signal));
onRequest(connection, chatCountTokens, async ({ text }) => ({
  tokens: await running().countTokens(text),
}));
onRequest(connection, chatClose, async ({ chat }) => {
  running().closeChat(chat);
  return null;
});
onRequest(connection, chatRewrite, async (params, signal) => ({
  code: await running().rewrite(params, signal),
}));
onRequest(connection, chatCommitMessage, async (params, signal) => ({
  message: await running().commitMessage(params, signal),
}));
onRequest(connection, filesFind, ({ folder, query, limit }) =>
  running().find(folder, query, limit),
);
onRequest(connection, modelsList, () => running().models());
onRequest(connection, modelsFetch, async ({ id }, signal) => {
  const progress = await connection.window.createWorkDoneProgress();
  progress.begin('LeoAM', 0, undefined, true);
  const cancelled = new AbortController();
  const listening = progress.token.onCancellationRequested(() => cancelled.abort());
  try {
    const until = AbortSignal.any([signal, cancelled.signal]);
    const fetched = await running().fetchModel(id, until, (share, message) =>
      progress.report(Math.round(100 * share), message),
    );
    return { id: fetched };
  } finally {
    listening.dispose();
    progress.done();
  }
});
onRequest(connection, modelsRemove, async ({ id }) => ({
  bytesFreed: await running().removeModel(id),
}));
onRequest(connection, indexPause, async () => {
  await running().pause();
  return null;
});
onRequest(connection, indexResume, async () => {
  running().resume();
  return null;
});
onRequest(connection, indexRefresh, async ({ folder }) => {
  await running().refresh(folder);
  return null;
});
onRequest(connection, indexSkipped, async ({ folder }) => {
  const { repository } = await running().folder(folder);
  return [...repository.skipped];
});
onRequest(connection, statusGet, async () => running().status());
onRequest(connection, tiersShow, () => running().tiers.show());
onRequest(connection, tiersPin, async ({ folder, paths, pinned }) => {
  await running().tiers.pin(folder, paths, pinned);
  return null;
});
onRequest(connection, tiersMove, async ({ folder, paths, tier }) => {
  await running().tiers.move(folder, paths, tier);
  return null;
});
onRequest(connection, tiersDrop, async ({ folder, paths }) => ({
  bytesFreed: await running().tiers.drop(folder, paths),
}));
onRequest(connection, tiersRebuild, async ({ folder, paths }) => ({
  tokensToRead: await running().tiers.rebuild(folder, paths),
}));
onRequest(connection, tiersVerify, () => running().tiers.verify());
onRequest(connection, tiersSetBudget, async ({ budgetBytes }) => ({
  bytesFreed: await running().tiers.setBudget(budgetBytes),
}));
onRequest(connection, tiersClear, async () => ({ bytesFreed: await running().tiers.clear() }));

connection.onShutdown(() => service?.close());

documents.listen(connection);
notebooks.listen(connection);
connection.listen();

function running(): LeoService {
  if (service === undefined) {
    throw new Error('The server is not initialised.');
  }
  return service;
}

/** A folder that cannot be opened is told by the status; the next question tries again. */
function open(uri: string): void {
  running()
    .openFolder(uri)
    .catch((error: unknown) => connection.console.error(String(error)));
}
