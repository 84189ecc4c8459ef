// Inline completions over LSP: which folder a document lies in, what became of each request, and
// that a suggestion is for the text that is there when it comes.

import { Completer } from '../completion/completer.js';
import {
  InlineCompletions,
  type InlineRequest,
  type InlineSuggestion,
} from '../completion/inline.js';
import { droppedRecord, type Recorded } from '../completion/record.js';
import { isCancelled, isEngineError } from '../engine/errors.js';
import type { CompletionRecord, Definition, DropReason } from '../protocol/completion.js';
import type { SkippedFile } from '../index/types.js';
import { emptyReason, sourceOf } from '../workspace/content.js';
import { nameReason } from '../workspace/names.js';
import type { Folder } from './folders.js';
import { wasOnDisk } from './loadedAnew.js';
import { isIn, OpenDocuments, pathIn, type OpenDocument } from './openDocuments.js';

/** A place in it, and how it was asked about. */
export type AskedPlace = Pick<InlineRequest, 'offset' | 'line' | 'isExplicit' | 'selected'>;

export interface CompletionHost {
  /** The opened folder that a file lies in, or why there is none. */
  folderOf(uri: string): Folder | DropReason;
}

const remembered = 200;

export class Completions {
  private readonly folders = new Map<string, InlineCompletions | 'unfitModel'>();
  private records: CompletionRecord[] = [];
  private count = 0;
  private readonly documents = new OpenDocuments();
  /** Where something was written, by URI, while its folder was still being opened. */
  private readonly early = new Map<string, { document: OpenDocument; line: number }>();
  /** The folder that was typed in last: the sessions of the others would take memory for nothing. */
  private latest: InlineCompletions | undefined;

  constructor(private readonly host: CompletionHost) {}

  /** A document was opened, or changed, in the editor. */
  changed(document: OpenDocument): void {
    // Nothing of a cell is shown elsewhere.
    const line = document.isCell === true ? 'cell' : this.documents.changed(document);
    const found = line === undefined ? undefined : this.inlineOf(document);
    if (found === 'notReady' && typeof line === 'number') {
      this.early.delete(document.uri); // the latest last
      this.early.set(document.uri, { document, line });
    } else if (typeof found === 'object') {
      this.typed(document, found, typeof line === 'number' ? line : undefined);
    }
  }

  /** `line`: where something was written that may be shown elsewhere. */
  private typed(document: OpenDocument, { inline, path }: InlinePlace, line?: number): void {
    const place = line === undefined ? undefined : { path, line };
    const takeBack = inline.typed(document.uri, place);
    if (place !== undefined) {
      void this.takeBackUnlessWritten(document, takeBack);
    }
  }

  /**
   * Nothing where there is nothing to suggest; `recent` tells why. `isOpen`: whether it still is
   * this document that the editor has open. Never rejects.
   */
  async suggest(
    document: OpenDocument,
    asked: AskedPlace,
    signal: AbortSignal,
    isOpen: () => boolean,
  ): Promise<InlineSuggestion[]> {
    const { version } = document;
    const { line } = asked;
    const time = Date.now();
    const { suggestions, record } = await this.outcome(document, asked, signal).catch(
      (error: unknown) => ({ suggestions: [], record: failure(error) }),
    );
    // Who types on is shown nothing that was meant for another text.
    const isStale = signal.aborted || document.version !== version || !isOpen();
    const told: Recorded =
      isStale && record.outcome !== 'dropped'
        ? { ...record, outcome: 'dropped', reason: 'cancelled' }
        : record;
    this.remember({ time, uri: document.uri, line, ...told });
    return isStale ? [] : suggestions;
  }

  /** The editor has closed a document: what was not saved of it is gone. */
  closed(uri: string): void {
    this.documents.closed(uri);
    const folder = this.host.folderOf(uri);
    if (typeof folder === 'object') {
      this.outdated(folder.uri, [pathIn(folder.uri, uri)]);
    }
  }

  /** It was asked about a document that the editor has closed. */
  askedTooLate(uri: string, line: number): void {
    this.remember({ time: Date.now(), uri, line, ...droppedRecord('cancelled') });
  }

  /** Computes what a cursor needs before anything is typed there. */
  async prepare(
    document: OpenDocument,
    offset: number,
    definitions: readonly Definition[],
    signal: AbortSignal,
  ): Promise<void> {
    const found = this.find(document);
    if (typeof found !== 'string') {
      const { inline, path, folder } = found;
      const places = definitions
        .filter(({ uri }) => isIn(folder, uri))
        .map(({ name, uri, line }) => ({ name, path: pathIn(folder, uri), line: line + 1 }));
      await inline.prepare({ path, text: document.getText(), offset }, places, signal);
    }
  }

  /** The newest first. */
  recent(): CompletionRecord[] {
    return this.records;
  }

  /** Files of a folder whose text is not what it was, relative to it. */
  outdated(folder: string, paths: readonly string[]): void {
    const inline = this.folders.get(folder);
    if (inline !== undefined && inline !== 'unfitModel') {
      inline.outdated(paths);
    }
  }

  async closeFolder(uri: string): Promise<void> {
    const inline = this.folders.get(uri);
    this.folders.delete(uri);
    this.latest = this.latest === inline ? undefined : this.latest;
    if (inline !== undefined && inline !== 'unfitModel') {
      await inline.dispose();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.folders.keys()].map((uri) => this.closeFolder(uri)));
  }

  /** What the editor has loaded anew nobody wrote there. The next request does not wait for that. */
  private async takeBackUnlessWritten(document: OpenDocument, takeBack: () => void): Promise<void> {
    if (await wasOnDisk(document.uri, document.getText(), Date.now())) {
      takeBack();
    }
  }

  private remember(record: Omit<CompletionRecord, 'id'>): void {
    this.count++;
    this.records = [{ id: this.count, ...record }, ...this.records].slice(0, remembered);
  }

  private async outcome(
    document: OpenDocument,
    place: AskedPlace,
    signal: AbortSignal,
  ): ReturnType<InlineCompletions['complete']> {
    const found = this.find(document);
    return typeof found === 'string'
      ? { suggestions: [], record: droppedRecord(found) }
      : found.inline.complete({ ...placeOf(document), ...place, path: found.path }, signal);
  }

  /** Where suggestions are asked for, others rest. */
  private find(document: OpenDocument): InlinePlace | DropReason {
    const found = this.inlineOf(document);
    if (typeof found === 'object' && this.latest !== found.inline) {
      void this.latest?.rest();
      this.latest = found.inline;
    }
    return found;
  }

  private tellEarly(folder: string): void {
    for (const [uri, { document, line }] of [...this.early].filter(([of]) => isIn(folder, of))) {
      this.early.delete(uri);
      const found = this.inlineOf(document);
      if (typeof found === 'object') {
        this.typed(document, found, line);
      }
    }
  }

  private inlineOf({ uri, isCell }: OpenDocument): InlinePlace | DropReason {
    const folder = this.host.folderOf(uri);
    if (typeof folder === 'string') {
      return folder;
    }
    const path = pathIn(folder.uri, uri);
    const { skipped } = folder.repository;
    // Of a notebook nothing is read, as its file holds what its cells put out.
    const named = nameReason(path);
    const isLeftOut = skipped.some(
      ({ path: of, reason }) =>
        // What was empty on disk is being written now.
        (of === path && reason !== named && reason !== emptyReason) || isBelow(path, of),
    );
    if (isLeftOut || (named !== undefined && isCell !== true)) {
      return 'excludedFile';
    }
    const known = this.folders.get(folder.uri);
    const inline = known ?? open(folder, this.documents);
    this.folders.set(folder.uri, inline);
    if (known === undefined) {
      this.tellEarly(folder.uri);
    }
    return inline === 'unfitModel' ? inline : { inline, path, folder: folder.uri };
  }
}

interface InlinePlace {
  inline: InlineCompletions;
  path: string;
  /** Its URI. */
  folder: string;
}

function open(folder: Folder, documents: OpenDocuments): InlineCompletions | 'unfitModel' {
  const { assistant, repository } = folder;
  const openText = (path: string): string | undefined => {
    const text = isRead(folder, path) ? documents.textOf(folder.uri, path) : undefined;
    return text === undefined || 'reason' in sourceOf(Buffer.from(text), path) ? undefined : text;
  };
  try {
    return new InlineCompletions(new Completer({ ...assistant, repository, openText }));
  } catch (error) {
    if (isEngineError(error) && error.code === 'invalid-input') {
      return 'unfitModel';
    }
    throw error;
  }
}

/** Now: what a file was read for may have come to be left out. */
function isRead({ repository }: Folder, path: string): boolean {
  const isEmpty = (one: SkippedFile): boolean => one.path === path && one.reason === emptyReason;
  return repository.passagesOf(path).length > 0 || repository.skipped.some(isEmpty);
}

/** A folder that is left out as a whole ends with a slash. */
function isBelow(path: string, left: string): boolean {
  return left.endsWith('/') && path.startsWith(left);
}

function placeOf(document: OpenDocument): { uri: string; text: string; languageId: string } {
  return { uri: document.uri, text: document.getText(), languageId: document.languageId };
}

function failure(error: unknown): Recorded {
  return isCancelled(error)
    ? droppedRecord('cancelled')
    : droppedRecord('failed', error instanceof Error ? error.message : String(error));
}
