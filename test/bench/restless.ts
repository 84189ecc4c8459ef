// Somebody who types, deletes, jumps about in files and never waits for long: a random editor
// of documents, for tests that must last. The same seed does the same.

import type { MessageConnection } from 'vscode-languageserver/node';
import { languageIdOf } from '../../server/completion/languageId.js';
import { OpenDocument, type Suggested } from '../server/openDocument.js';
import type { SourceFile } from './sourceFiles.js';

export interface RestlessOptions {
  connection: MessageConnection;
  folder: string;
  files: readonly SourceFile[];
  random: () => number;
}

/** A document that has grown so much is opened anew, as it is on disk. */
const mostGrowth = 3000;
const farthestEdit = 30;
const keys = [
  ...['const ', 'return ', 'this.', 'if (', 'await ', ' = ', '.', ', ', '(', ')', ' {\n', '\n  '],
  ...['options', 'request', 'i', 'x', '\n', '\n\t\t', '// ', "'", '}'],
];

export class Restless {
  private readonly open = new Map<string, OpenDocument>();
  private file: SourceFile;
  private cursor = 0;
  private suggested: { version: number; uri: string; found: readonly Suggested[] } | undefined;

  constructor(private readonly options: RestlessOptions) {
    this.file = this.pick(options.files);
  }

  /** Where it is now. */
  async place(): Promise<{ document: OpenDocument; offset: number }> {
    const document = await this.document();
    this.cursor = Math.min(this.cursor, document.text.length);
    return { document, offset: this.cursor };
  }

  /** What came for the document as it is now. */
  sees({ uri, version }: OpenDocument, found: readonly Suggested[]): void {
    this.suggested = { uri, version, found };
  }

  /** One thing that a person does; the document that was changed or closed. */
  async act(): Promise<OpenDocument | undefined> {
    const document = await this.document();
    const { version } = document;
    await this.actIn(document);
    const isOpen = [...this.open.values()].includes(document);
    return isOpen && document.version === version ? undefined : document;
  }

  private async actIn(document: OpenDocument): Promise<void> {
    const [shown] = this.shownIn(document);
    const dice = this.options.random();
    if (shown !== undefined && dice < 0.5) {
      await this.take(document, shown, dice < 0.15 ? shown.text.length : this.between(1, 6));
    } else if (dice < 0.4) {
      await this.edit(document, this.cursor, this.cursor, this.pick(keys));
    } else if (dice < 0.55) {
      await this.edit(document, this.cursor - this.between(1, 12), this.cursor, '');
    } else if (dice < 0.65) {
      await this.editLine(document, -this.between(1, farthestEdit));
    } else if (dice < 0.75) {
      await this.editLine(document, this.between(1, farthestEdit));
    } else if (dice < 0.87) {
      this.jump(document);
    } else if (dice < 0.94) {
      this.file = this.pick(this.options.files);
      this.jump(await this.document());
    } else if (dice < 0.97) {
      await this.close(document);
    } // else it looks at what is there
  }

  /** Seldom into a word, where nothing is suggested. */
  private jump({ text }: OpenDocument): void {
    const at = this.between(0, text.length);
    const rest = this.options.random() < 0.1 ? 0 : text.slice(at).search(/(?!\w)/);
    this.cursor = at + rest;
  }

  /** What is shown is typed through, or taken. */
  private async take(document: OpenDocument, shown: Suggested, length: number): Promise<void> {
    const isAll = length >= shown.text.length;
    const typed = shown.text.slice(0, length);
    await this.edit(document, shown.start, isAll ? shown.end : shown.start, typed);
  }

  /** A line above or below is put in or taken out. */
  private async editLine(document: OpenDocument, away: number): Promise<void> {
    const starts = [0, ...[...document.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const here = starts.filter((start) => start <= this.cursor).length - 1;
    const at = Math.min(Math.max(0, here + away), starts.length - 1);
    const start = starts[at] ?? 0;
    const next = starts[at + 1] ?? document.text.length;
    const isGone = this.options.random() < 0.5 && at !== here;
    await (isGone
      ? this.edit(document, start, next, '')
      : this.edit(document, start, start, `// looked at again (${String(this.cursor)})\n`));
  }

  /** The cursor stays where it was in the text; it follows what is written at it. */
  private async edit(
    document: OpenDocument,
    from: number,
    end: number,
    text: string,
  ): Promise<void> {
    const start = Math.max(0, from);
    if (this.cursor >= end) {
      this.cursor += text.length - (end - start);
    } else if (this.cursor > start) {
      this.cursor = start + text.length;
    }
    await document.change(start, end, text);
    if (Math.abs(document.text.length - this.file.text.length) > mostGrowth) {
      await this.close(document);
    }
  }

  private async document(): Promise<OpenDocument> {
    const { connection, folder } = this.options;
    const known = this.open.get(this.file.path);
    if (known !== undefined) {
      return known;
    }
    const uri = `${folder}/${encodeURI(this.file.path)}`;
    const made = await OpenDocument.open(connection, uri, this.file.text, languageIdOf(uri));
    this.open.set(this.file.path, made);
    return made;
  }

  private async close(document: OpenDocument): Promise<void> {
    this.open.delete(this.file.path);
    await document.close();
  }

  private shownIn({ uri, version }: OpenDocument): readonly Suggested[] {
    const { suggested } = this;
    const isShown = suggested?.uri === uri && suggested.version === version;
    return isShown ? suggested.found.filter(({ start }) => start === this.cursor) : [];
  }

  /** Both can come. */
  private between(low: number, high: number): number {
    return low + Math.floor(this.options.random() * (high - low + 1));
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.options.random() * items.length)];
    if (item === undefined) {
      throw new Error('There is nothing to choose from.');
    }
    return item;
  }
}
