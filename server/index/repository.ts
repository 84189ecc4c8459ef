// The one object that the rest of the server uses to look at a repository: its files,
// passages, segments and symbols, and the search over them.

import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CutFile } from './cut.js';
import { FileTexts } from './fileTexts.js';
import { keptFolder } from './keptFiles.js';
import {
  chunkTokensOf,
  joinChunks,
  planFile,
  rememberSegment,
  type ChunkTokens,
  type PlannedFile,
} from './plan.js';
import { lineStarts } from './pieces.js';
import { PlannedFiles } from './plannedFiles.js';
import { decodePack, encodePack, type PackEntry } from './tokenPack.js';
import type {
  Changes,
  ChunkRange,
  OpenOptions,
  Passage,
  PreviousSegment,
  RefreshOptions,
  RepositoryIndex,
  SearchHit,
  SkippedFile,
} from './types.js';
import { WorkerClient } from './workerClient.js';
import type { ScannedFile, ScanOutcome } from './workerMessages.js';

/** Segments of earlier texts that are remembered per file. */
const MAX_PREVIOUS = 12;
/** A refresh is written down this long after it, with those that follow at once. */
const SAVE_DELAY_MS = 2000;

/**
 * Opens a folder: lists it, cuts and tokenises what the kept index does not know yet.
 * Rejects with one sentence when the folder cannot be read, with the signal's reason when
 * it is aborted.
 */
export async function openRepository(options: OpenOptions): Promise<RepositoryIndex> {
  const root = await realpath(options.root).catch(() => resolve(options.root));
  const repository = new OpenedRepository({ ...options, root });
  try {
    await repository.refresh(options);
    await repository.save();
    return repository;
  } catch (error) {
    await repository.discard();
    throw error;
  }
}

/** What a scan brought, before it counts. */
interface Staged {
  files: Map<string, PlannedFile>;
  previous: Map<string, PreviousSegment[]>;
  tokens: number;
}

class OpenedRepository extends PlannedFiles implements RepositoryIndex {
  readonly root: string;
  skipped: readonly SkippedFile[] = [];
  warning: string | undefined;

  private readonly worker = new WorkerClient();
  private readonly texts: FileTexts;
  private readonly packName: `tokens-${string}`;
  private previous = new Map<string, PreviousSegment[]>();
  /** Kept tokens, while the first scan runs. */
  private kept = new Map<string, PackEntry>();
  /** The running refresh, or the last one. */
  private busy: Promise<unknown> = Promise.resolve();
  private dirty = false;
  private saveTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: OpenOptions) {
    super();
    this.root = options.root;
    this.texts = new FileTexts(options.root);
    // The header is tokenised by the same tokeniser but is not kept: it depends on the path.
    this.packName = `tokens-${sha256(options.keyParts.tokenizer).slice(0, 16)}`;
  }

  previousSegments(path: string): PreviousSegment[] {
    return this.previous.get(path) ?? [];
  }

  async search(query: string, limit: number): Promise<SearchHit[]> {
    const hits = await this.worker.search(query, limit);
    return hits.flatMap(({ id, score }) => {
      const passage = this.passage(id);
      return passage ? [{ passage, score }] : [];
    });
  }

  async textOf(path: string, range: ChunkRange): Promise<string> {
    return (await this.read(path)).slice(range.startOffset, range.endOffset);
  }

  passageText(passage: Passage): Promise<string> {
    return this.textOf(passage.path, passage);
  }

  async lines(path: string, startLine: number, endLine: number): Promise<string> {
    const text = await this.read(path);
    const starts = lineStarts(text);
    return text.slice(
      starts[Math.max(startLine, 1) - 1] ?? text.length,
      starts[endLine] ?? text.length,
    );
  }

  refresh(options: RefreshOptions = {}): Promise<Changes> {
    const next = this.busy.catch(() => undefined).then(() => this.scan(options));
    this.busy = next;
    return next;
  }

  async save(): Promise<void> {
    clearTimeout(this.saveTimer);
    this.saveTimer = undefined;
    if (!this.dirty) {
      return;
    }
    this.dirty = false;
    const entries = [...this.planned.values()].map(({ cut, plans }) => ({
      hash: cut.packKey,
      ...chunkTokensOf(plans),
    }));
    const pack = encodePack(new Map(entries.map((entry) => [entry.hash, entry])).values(), {
      keyParts: this.keyPartsHash(),
      previous: [...this.previous],
    });
    this.warning = (await this.worker.save(pack)) ?? this.warning;
  }

  async close(): Promise<void> {
    await this.busy.catch(() => undefined);
    await this.save().catch(() => undefined);
    await this.discard();
  }

  /** Ends the worker without writing anything. */
  async discard(): Promise<void> {
    clearTimeout(this.saveTimer);
    await this.worker.close();
  }

  private async scan({ openFiles, texts, signal, onProgress }: RefreshOptions): Promise<Changes> {
    signal?.throwIfAborted();
    const staged: Staged = { files: new Map(), previous: new Map(), tokens: 0 };
    onProgress?.({ phase: 'listing', filesDone: 0, filesTotal: 0, tokens: 0 });
    const request = {
      root: this.root,
      folder: keptFolder(this.options.home, this.root),
      pack: this.packName,
      openFiles: openFiles ?? [],
      texts: texts ?? new Map<string, string>(),
      maxFileBytes: this.options.maxFileBytes,
    };
    const outcome = await this.worker.scan(
      request,
      {
        onPack: (bytes) => this.takePack(bytes),
        onFiles: async (files, done, total) => {
          await this.plan(files, staged);
          onProgress?.({
            phase: 'reading',
            filesDone: done,
            filesTotal: total,
            tokens: staged.tokens,
          });
        },
      },
      signal,
    );
    if (!outcome) {
      signal?.throwIfAborted();
      throw new Error(`Reading ${this.root} was cancelled.`);
    }
    this.texts.given = texts ?? new Map();
    return this.apply(outcome, staged);
  }

  private takePack(bytes: Uint8Array | undefined): void {
    if (!bytes) {
      return;
    }
    const pack = decodePack(bytes);
    this.kept = pack.entries;
    if (pack.keyParts === this.keyPartsHash()) {
      this.previous = new Map(pack.previous);
    }
  }

  private async plan(files: ScannedFile[], staged: Staged): Promise<void> {
    if (files.length === 0) {
      return;
    }
    const { tokenize, header, keyParts } = this.options;
    // Headers of the files and, behind them, of the older texts that they replace.
    const older = files.map(({ before, cut }) => (before ?? cut).path);
    const headers = await tokenize(
      [...files.map(({ cut }) => cut.path), ...older].map(header),
      true,
    );
    const texts = files.flatMap((file) => file.texts ?? []);
    const tokenised = texts.length > 0 ? await tokenize(texts, false) : [];
    let taken = 0;
    files.forEach(({ cut, firstId, texts: own, before }, i) => {
      const chunks = own
        ? joinChunks(tokenised.slice(taken, taken + own.length))
        : this.tokensFor(cut);
      taken += own?.length ?? 0;
      const file = planFile(cut, firstId, headers[i] ?? new Int32Array(), chunks, keyParts);
      staged.files.set(cut.path, file);
      staged.tokens += file.entry.tokens;
      if (before) {
        const header = headers[files.length + i] ?? new Int32Array();
        staged.previous.set(cut.path, this.remember(before, cut.path, header));
      }
    });
  }

  /** Segments of the text that a file had before, newest first. */
  private remember(before: CutFile, path: string, header: Int32Array): PreviousSegment[] {
    const older = this.previous.get(before.path) ?? this.previous.get(path) ?? [];
    const plans =
      this.planned.get(before.path)?.plans ??
      (this.kept.has(before.packKey)
        ? planFile(before, 0, header, this.tokensFor(before), this.options.keyParts).plans
        : []);
    return [...plans.map(rememberSegment), ...older].slice(0, MAX_PREVIOUS);
  }

  private tokensFor(cut: CutFile): ChunkTokens {
    const kept = this.kept.get(cut.packKey);
    if (kept) {
      return kept;
    }
    const known = [...this.planned.values()].find((file) => file.cut.packKey === cut.packKey);
    if (!known) {
      throw new Error(`The index lost the tokens of ${cut.path}. Open the folder again.`);
    }
    return chunkTokensOf(known.plans);
  }

  private apply(outcome: ScanOutcome, staged: Staged): Changes {
    const planned = new Map<string, PlannedFile>();
    for (const path of outcome.order) {
      const file = staged.files.get(path) ?? this.planned.get(path);
      if (file) {
        planned.set(path, file);
      }
    }
    this.replace(planned);
    this.kept = new Map();
    for (const [path, segments] of staged.previous) {
      this.previous.set(path, segments);
    }
    for (const path of this.previous.keys()) {
      if (!planned.has(path)) {
        this.previous.delete(path);
      }
    }
    this.skipped = outcome.skipped;
    this.warning = outcome.warning ?? this.warning;
    if (outcome.dirty) {
      this.dirty = true;
      // Given texts hold until the next refresh: what follows from them is not worth writing down.
      if (this.texts.given.size === 0) {
        this.saveTimer ??= setTimeout(() => void this.save().catch(() => undefined), SAVE_DELAY_MS);
        this.saveTimer.unref();
      }
    }
    return outcome.changes;
  }

  private async read(path: string): Promise<string> {
    const file = this.planned.get(path);
    if (!file) {
      throw new Error(`${path} is not in the index of ${this.root}.`);
    }
    return this.texts.read(file.entry);
  }

  private keyPartsHash(): string {
    return sha256(JSON.stringify(this.options.keyParts));
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
