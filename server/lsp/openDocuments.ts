// The documents that an editor has open, and where something was written in them last.

import { sameEnd, sameStart } from '../completion/sameText.js';

/** A document in the editor. */
export interface OpenDocument {
  /** Of the file. */
  readonly uri: string;
  /** It is a part of the file, whose text on disk is another. */
  readonly isCell?: boolean;
  readonly languageId: string;
  readonly version: number;
  getText(): string;
}

/** Of a document that is looked at: no larger file is read. */
const mostCharacters = 1024 * 1024;

export class OpenDocuments {
  /** By URI; texts as they were when that was told. */
  private readonly documents = new Map<string, { document: OpenDocument; text: string }>();

  /**
   * The line, 1-based, where the change ends; undefined where the document was only opened, and for one
   * that is larger than any file that is read.
   */
  changed(document: OpenDocument): number | undefined {
    const before = this.documents.get(document.uri)?.text;
    const text = document.getText();
    if (text.length > mostCharacters) {
      this.documents.delete(document.uri);
      return undefined;
    }
    this.documents.set(document.uri, { document, text });
    if (before === undefined || before === text) {
      return undefined;
    }
    const most = Math.min(before.length, text.length);
    const start = sameStart(before, text, most);
    const end = text.length - sameEnd(before, text, most - start);
    return lineAt(text, end);
  }

  closed(uri: string): void {
    this.documents.delete(uri);
  }

  /** As it is in the editor; undefined where it is not open. `path`: in the folder. */
  textOf(folder: string, path: string): string | undefined {
    for (const [uri, { document }] of this.documents) {
      if (isIn(folder, uri) && pathIn(folder, uri) === path) {
        return document.getText();
      }
    }
    return undefined;
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
  }
  return line;
}

/** Both are URIs. */
export function isIn(folder: string, uri: string): boolean {
  return uri.startsWith(`${folder}/`);
}

/** Relative to the folder, with forward slashes. */
export function pathIn(folder: string, uri: string): string {
  const path = uri.slice(folder.length + 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // not encoded by who sent it
  }
}
