// The worker's side of an opened repository: compares the folder with what is known, reads
// and cuts what changed, and keeps the lexical index. A scan changes nothing until it is
// complete, so that it can be cancelled.

import { join } from 'node:path';
import { readSource, sourceOf } from '../workspace/content.js';
import { listFiles, type ListedFile, type Listing } from '../workspace/list.js';
import { Turns } from '../workspace/turns.js';
import { chunkTexts, cutText, type CutFile } from './cut.js';
import { importsIn } from './imports.js';
import { removeKept } from './keptFiles.js';
import { loadKept, saveKept, type KeptState, type StoredFile } from './keptState.js';
import { LexicalIndex, type LexicalDocument, type LexicalHit } from './lexical.js';
import type { Changes, SkippedFile } from './types.js';
import type { ScannedFile, ScanOutcome, ScanRequest } from './workerMessages.js';

/** Files whose time stamp is this fresh may change again without it: their text is compared. */
const DOUBT_MS = 2000;
/** Text in one message to the owner. */
const BATCH_CHARACTERS = 1 << 18;
const BATCH_FILES = 200;

export interface ScanHooks {
  /** Resolves when the owner can take more; `cancelled` is looked at after it. */
  send: (files: ScannedFile[], done: number, total: number) => Promise<void>;
  /** Resolves when the owner has dealt with everything. */
  drain: () => Promise<void>;
  sendPack: (bytes: Uint8Array | undefined) => void;
  cancelled: () => boolean;
}

/** What a scan will change once it is complete. */
interface Staged {
  files: Map<string, StoredFile>;
  skipped: KeptState['skipped'];
  nextId: number;
  removedIds: number[];
  documents: LexicalDocument[];
  changes: Changes;
  touched: boolean;
}

interface Batch {
  files: ScannedFile[];
  characters: number;
}

export class Scanner {
  private state: KeptState | undefined;
  /** Parsed when it is first needed: opening does not wait for it. */
  private lexical: LexicalIndex | (() => LexicalIndex) = LexicalIndex.empty();
  /** Packs of cuts whose tokens the owner has. */
  private tokenised = new Set<string>();
  private request: ScanRequest | undefined;

  /** Undefined when it was cancelled. */
  async scan(request: ScanRequest, hooks: ScanHooks): Promise<ScanOutcome | undefined> {
    const first = this.state === undefined;
    const known = this.state ?? this.load(request, hooks);
    const listing = await listFiles(request);
    if (hooks.cancelled()) {
      return undefined;
    }
    const staged = stage(known);
    const removed = removedFiles(known, listing);
    let batch: Batch = { files: [], characters: 0 };
    const skipped: SkippedFile[] = [...listing.skipped];
    let done = 0;
    const turns = new Turns();
    for (const listed of listing.files) {
      if (turns.areDue) {
        await turns.pass();
      }
      const given = request.texts.get(listed.path);
      const outcome = await this.look(listed, given, known, staged, removed, first);
      done++;
      if ('reason' in outcome) {
        skipped.push({ path: listed.path, reason: outcome.reason });
      } else if (outcome.file) {
        batch.files.push(outcome.file);
        batch.characters += outcome.file.texts ? outcome.file.cut.bytes : 0;
      }
      if (batch.characters >= BATCH_CHARACTERS || batch.files.length >= BATCH_FILES) {
        await hooks.send(batch.files, done, listing.files.length);
        batch = { files: [], characters: 0 };
      }
      if (hooks.cancelled()) {
        return undefined;
      }
    }
    await hooks.send(batch.files, done, listing.files.length);
    await hooks.drain();
    if (hooks.cancelled()) {
      return undefined;
    }
    return this.commit(listing, staged, skipped, known);
  }

  search(query: string, limit: number): LexicalHit[] {
    return this.loadedLexical().query(query, limit);
  }

  /** Writes the index; a sentence when that failed. */
  save(pack: Uint8Array): string | undefined {
    if (!this.state || !this.request) {
      return undefined;
    }
    try {
      return saveKept(this.request, this.state, this.loadedLexical(), pack);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Makes the lexical index ready for the first search. */
  loadedLexical(): LexicalIndex {
    if (typeof this.lexical === 'function') {
      try {
        this.lexical = this.lexical();
      } catch (error) {
        // Whole, but of another MiniSearch: the next open builds it anew.
        if (this.request) {
          removeKept(this.request.folder, 'lexical');
        }
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`The kept search index cannot be read (${why}). Open the folder again.`);
      }
    }
    return this.lexical;
  }

  private load(request: ScanRequest, hooks: ScanHooks): KeptState {
    const kept = loadKept(request);
    this.request = request;
    this.lexical = kept.lexical;
    this.tokenised = kept.tokenised;
    hooks.sendPack(kept.pack);
    return kept.state;
  }

  private async look(
    listed: ListedFile,
    given: string | undefined,
    known: KeptState,
    staged: Staged,
    removed: Map<string, StoredFile>,
    first: boolean,
  ): Promise<{ file?: ScannedFile } | { reason: string }> {
    const before = known.files.get(listed.path);
    const isOnDisk = given === undefined;
    const same = isOnDisk && before && isSame(before.cut, listed) && !before.doubt;
    if (same && (!first || this.tokenised.has(before.cut.packKey))) {
      staged.files.set(listed.path, before);
      return first ? { file: { cut: before.cut, firstId: before.firstId } } : {};
    }
    const refused = known.skipped.get(listed.path);
    if (refused && isOnDisk && isSame(refused, listed)) {
      staged.skipped.set(listed.path, refused);
      return { reason: refused.reason };
    }
    const source = isOnDisk
      ? readSource(join(this.request?.root ?? '', listed.path), listed.path)
      : sourceOf(Buffer.from(given), listed.path);
    if ('reason' in source) {
      if (isOnDisk) {
        staged.skipped.set(listed.path, { ...listed, reason: source.reason });
      }
      staged.touched = true;
      return source;
    }
    const doubt = !isOnDisk || listed.mtimeMs > Date.now() - DOUBT_MS;
    if (before?.cut.hash === source.hash) {
      const cut = { ...before.cut, ...listed };
      staged.files.set(listed.path, { ...before, cut, doubt });
      staged.touched ||= !same;
      return first ? { file: this.scanned(cut, before.firstId, source.text) } : {};
    }
    const from = before ? undefined : renamedFrom(removed, source.hash);
    const cut: CutFile = {
      ...listed,
      ...(await cutText(listed.path, source.text, source.hash)),
      imports: importsIn(listed.path, source.text),
    };
    const stored: StoredFile = { cut, firstId: staged.nextId, doubt };
    staged.nextId += cut.passages.length;
    staged.files.set(listed.path, stored);
    staged.documents.push(...documentsOf(stored, source.text));
    staged.touched = true;
    const file = this.scanned(cut, stored.firstId, source.text);
    if (before) {
      staged.changes.changed.push(listed.path);
      file.before = before.cut;
    } else if (from) {
      staged.changes.renamed.push({ from: from.cut.path, to: listed.path });
      file.renamedFrom = from.cut.path;
      file.before = from.cut;
    } else {
      staged.changes.added.push(listed.path);
    }
    return { file };
  }

  private scanned(cut: CutFile, firstId: number, text: string): ScannedFile {
    const key = cut.packKey;
    return this.tokenised.has(key)
      ? { cut, firstId }
      : { cut, firstId, texts: chunkTexts(cut, text) };
  }

  private commit(
    listing: Listing,
    staged: Staged,
    skipped: SkippedFile[],
    known: KeptState,
  ): ScanOutcome {
    const { changes } = staged;
    const renamed = new Set(changes.renamed.map(({ from }) => from));
    for (const [path, { firstId, cut }] of known.files) {
      const now = staged.files.get(path);
      if (!now && !renamed.has(path)) {
        changes.removed.push(path);
      }
      if (now?.firstId !== firstId) {
        staged.removedIds.push(...cut.passages.map((_, i) => firstId + i));
      }
    }
    if (staged.removedIds.length > 0 || staged.documents.length > 0) {
      const lexical = this.loadedLexical();
      lexical.remove(staged.removedIds);
      lexical.add(staged.documents);
    }
    const missing = [...staged.files.values()].some(({ cut }) => !this.tokenised.has(cut.packKey));
    this.tokenised = new Set([...staged.files.values()].map(({ cut }) => cut.packKey));
    this.state = { files: staged.files, skipped: staged.skipped, nextId: staged.nextId };
    return {
      order: listing.files.map(({ path }) => path).filter((path) => staged.files.has(path)),
      skipped,
      changes,
      dirty: staged.touched || staged.removedIds.length > 0 || missing,
      ...(known.warning ? { warning: known.warning } : {}),
    };
  }
}

function stage(known: KeptState): Staged {
  return {
    files: new Map(),
    skipped: new Map(),
    nextId: known.nextId,
    removedIds: [],
    documents: [],
    changes: { added: [], changed: [], removed: [], renamed: [] },
    touched: false,
  };
}

/** Known files that the folder does not list any more, by the hash of their text. */
function removedFiles(known: KeptState, listing: Listing): Map<string, StoredFile> {
  const listed = new Set(listing.files.map(({ path }) => path));
  const removed = new Map<string, StoredFile>();
  for (const [path, file] of known.files) {
    if (!listed.has(path)) {
      removed.set(file.cut.hash, file);
    }
  }
  return removed;
}

/** Takes the file out of `removed`: it was renamed once. */
function renamedFrom(removed: Map<string, StoredFile>, hash: string): StoredFile | undefined {
  const from = removed.get(hash);
  removed.delete(hash);
  return from;
}

function isSame(
  a: { bytes: number; mtimeMs: number },
  b: { bytes: number; mtimeMs: number },
): boolean {
  return a.bytes === b.bytes && a.mtimeMs === b.mtimeMs;
}

function documentsOf({ cut, firstId }: StoredFile, text: string): LexicalDocument[] {
  return cut.passages.map((passage, i) => ({
    id: firstId + i,
    text: text.slice(passage.startOffset, passage.endOffset),
    path: cut.path,
    symbols: cut.definitions
      .filter(([, , start, end]) => start <= passage.endLine && end >= passage.startLine)
      .map(([name]) => name)
      .join(' '),
  }));
}
