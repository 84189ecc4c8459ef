// A document in an editor, as the language server is told of it, and suggestions for it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CancellationToken, MessageConnection } from 'vscode-languageserver/node';
import { z } from 'zod';

const place = z.object({ line: z.int(), character: z.int() });
const suggestions = z
  .array(z.object({ insertText: z.string(), range: z.object({ start: place, end: place }) }))
  .nullable();

export type Place = z.infer<typeof place>;

/** What is suggested, and the offsets of what it replaces. */
export interface Suggested {
  text: string;
  start: number;
  end: number;
}

export interface SuggestOptions {
  /** Nobody asked for it by a key. */
  isAutomatic?: boolean;
  selected?: { start: number; end: number; text: string };
  token?: CancellationToken;
}

/** LSP's numbers. */
const triggerKinds = { invoked: 1, automatic: 2 };

export class OpenDocument {
  version = 1;

  private constructor(
    private readonly connection: MessageConnection,
    readonly uri: string,
    public text: string,
    /** Whose cell it is. */
    private readonly notebook?: string,
  ) {}

  static async open(
    connection: MessageConnection,
    uri: string,
    text: string,
    languageId = 'typescript',
  ): Promise<OpenDocument> {
    const document = new OpenDocument(connection, uri, text);
    const { version } = document;
    await connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version, text },
    });
    return document;
  }

  /** Opens a notebook of code cells. */
  static async openNotebook(
    connection: MessageConnection,
    uri: string,
    cells: readonly string[],
    languageId = 'typescript',
  ): Promise<OpenDocument[]> {
    const documents = cells.map((text, index) => {
      const cell = `${uri.replace(/^file:/u, 'vscode-notebook-cell:')}#W${index}`;
      return new OpenDocument(connection, cell, text, uri);
    });
    await connection.sendNotification('notebookDocument/didOpen', {
      notebookDocument: {
        uri,
        notebookType: 'jupyter-notebook',
        version: 1,
        cells: documents.map((cell) => ({ kind: 2, document: cell.uri })),
      },
      cellTextDocuments: documents.map((cell) => ({
        uri: cell.uri,
        languageId,
        version: cell.version,
        text: cell.text,
      })),
    });
    return documents;
  }

  /** Replaces what stands between two offsets. */
  async change(start: number, end: number, text: string): Promise<void> {
    const range = { start: this.placeOf(start), end: this.placeOf(end) };
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    this.version++;
    const document = { uri: this.uri, version: this.version };
    const changes = [{ range, text }];
    if (this.notebook === undefined) {
      await this.connection.sendNotification('textDocument/didChange', {
        textDocument: document,
        contentChanges: changes,
      });
    } else {
      await this.connection.sendNotification('notebookDocument/didChange', {
        notebookDocument: { uri: this.notebook, version: this.version },
        change: { cells: { textContent: [{ document, changes }] } },
      });
    }
  }

  /** Empty where nothing is suggested. Throws where a range lies outside of the document. */
  async suggest(offset: number, options: SuggestOptions = {}): Promise<Suggested[]> {
    const { text } = this;
    const { isAutomatic, selected, token } = options;
    const params = {
      textDocument: { uri: this.uri },
      position: this.placeOf(offset),
      context: {
        triggerKind: isAutomatic === true ? triggerKinds.automatic : triggerKinds.invoked,
        ...(selected === undefined
          ? {}
          : {
              selectedCompletionInfo: {
                range: { start: this.placeOf(selected.start), end: this.placeOf(selected.end) },
                text: selected.text,
              },
            }),
      },
    };
    const answer: unknown = await (token === undefined
      ? this.connection.sendRequest('textDocument/inlineCompletion', params)
      : this.connection.sendRequest('textDocument/inlineCompletion', params, token));
    return (suggestions.parse(answer) ?? []).map(({ insertText, range }) => ({
      text: insertText,
      start: offsetOf(text, range.start),
      end: offsetOf(text, range.end),
    }));
  }

  async close(): Promise<void> {
    const textDocument = { uri: this.uri };
    await this.connection.sendNotification('textDocument/didClose', { textDocument });
  }

  placeOf(offset: number): Place {
    const before = this.text.slice(0, offset);
    const start = before.lastIndexOf('\n') + 1;
    return { line: before.split('\n').length - 1, character: offset - start };
  }
}

function offsetOf(text: string, { line, character }: Place): number {
  const lines = text.split('\n');
  const found = lines[line];
  if (found === undefined || character > found.length) {
    throw new RangeError(`The document has no place ${line}:${character}.`);
  }
  return lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, character);
}

/** The value, or an error once so much time has passed. */
export async function within<T>(ms: number, value: Promise<T>, what: string): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what} took more than ${ms} ms.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([value, late]);
  } finally {
    over.abort();
  }
}
