// Cells of notebooks as files: a cell is completed as a place in a file that holds all code of its
// notebook in the same language.

import type { NotebookDocuments, Position } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { OpenDocument } from './openDocuments.js';

/** The file that a document is, or that a cell is a part of. */
export interface Whole extends OpenDocument {
  /** Of a place in the document, as an offset in the file's text; and the other way. */
  offsetAt(position: Position): number;
  positionAt(offset: number): Position;
}

const between = '\n\n';

export function wholeOf(document: TextDocument, notebooks: NotebookDocuments<TextDocument>): Whole {
  const notebook = notebooks.findNotebookDocumentForCell(document.uri);
  const cells =
    notebook?.cells
      .map((cell) => notebooks.getCellTextDocument(cell))
      .filter((cell) => cell?.languageId === document.languageId) ?? [];
  const texts = cells.map((cell) => cell?.getText() ?? '');
  const before = texts.slice(0, cells.indexOf(document));
  const start = before.reduce((sum, { length }) => sum + length + between.length, 0);
  return {
    uri: notebook?.uri ?? document.uri,
    isCell: notebook !== undefined,
    languageId: document.languageId,
    get version() {
      return document.version;
    },
    getText: () => (notebook === undefined ? document.getText() : texts.join(between)),
    offsetAt: (position) => start + document.offsetAt(position),
    positionAt: (offset) => document.positionAt(offset - start),
  };
}
