// Cells of notebooks as files: a cell is completed as a place in a file that holds all code of its
// notebook in the same language.

import type { NotebookDocuments } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { OpenDocument } from './completions.js';

/** A document, or the notebook around a cell. */
export interface Whole extends OpenDocument {
  /** Where the document itself begins in the text. */
  readonly start: number;
}

const between = '\n\n';

/** What is read anew each time: the text, and the version of the document itself. */
export function wholeOf(document: TextDocument, notebooks: NotebookDocuments<TextDocument>): Whole {
  const notebook = notebooks.findNotebookDocumentForCell(document.uri);
  if (notebook === undefined) {
    return {
      uri: document.uri,
      languageId: document.languageId,
      start: 0,
      get version() {
        return document.version;
      },
      getText: () => document.getText(),
    };
  }
  const texts = notebook.cells
    .map((cell) => notebooks.getCellTextDocument(cell))
    .filter((cell) => cell !== undefined)
    .filter(({ languageId }) => languageId === document.languageId);
  const before = texts.slice(0, texts.indexOf(document)).map((cell) => cell.getText() + between);
  return {
    uri: notebook.uri,
    isCell: true,
    languageId: document.languageId,
    start: before.join('').length,
    get version() {
      return document.version;
    },
    getText: () => texts.map((cell) => cell.getText()).join(between),
  };
}
