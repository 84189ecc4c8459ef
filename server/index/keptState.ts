// What the worker knows of a repository, and how that is kept between runs: the files and
// their cuts as JSON, the lexical index beside it, both marked with one generation so that
// two processes that write at the same time are never mixed.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { CUT_VERSION, type CutFile } from './cut.js';
import { readKept, writeKept } from './keptFiles.js';
import { LEXICAL_VERSION, LexicalIndex } from './lexical.js';
import { decodePack } from './tokenPack.js';

export interface StoredFile {
  cut: CutFile;
  /** Id of the first passage. */
  firstId: number;
  /** Read so soon after its last change that the time stamp proves nothing. */
  doubt: boolean;
}

export interface RefusedFile {
  path: string;
  bytes: number;
  mtimeMs: number;
  reason: string;
}

export interface KeptState {
  files: Map<string, StoredFile>;
  /** Files that were read and found to take no part. */
  skipped: Map<string, RefusedFile>;
  nextId: number;
  warning?: string;
}

interface Place {
  root: string;
  folder: string;
  pack: `tokens-${string}`;
}

interface FilesJson {
  cutVersion: number;
  lexicalVersion: number;
  root: string;
  generation: string;
  nextId: number;
  files: StoredFile[];
  skipped: RefusedFile[];
}

export interface Loaded {
  state: KeptState;
  lexical: () => LexicalIndex;
  pack: Uint8Array | undefined;
  /** Pack keys whose tokens are in `pack`. */
  tokenised: Set<string>;
}

/** The kept index, or an empty one where there is none that fits. */
export function loadKept(place: Place): Loaded {
  const loaded = readState(place);
  const pack = readKept(place.folder, place.pack);
  let tokenised = new Set<string>();
  if (pack) {
    tokenised = new Set(decodePack(pack).entries.keys());
  }
  if (loaded) {
    return { ...loaded, pack, tokenised };
  }
  const state: KeptState = { files: new Map(), skipped: new Map(), nextId: 0 };
  if (existsSync(place.folder)) {
    state.warning = `The kept index of ${place.root} is damaged or of another version; it was built anew.`;
  }
  return { state, lexical: () => LexicalIndex.empty(), pack, tokenised };
}

/** A sentence when it could not be written; the index in memory is not affected. */
export function saveKept(
  place: Place,
  state: KeptState,
  lexical: LexicalIndex,
  pack: Uint8Array,
): string | undefined {
  const generation = randomBytes(8).toString('hex');
  const files: FilesJson = {
    cutVersion: CUT_VERSION,
    lexicalVersion: LEXICAL_VERSION,
    root: place.root,
    generation,
    nextId: state.nextId,
    files: [...state.files.values()],
    skipped: [...state.skipped.values()],
  };
  try {
    writeKept(place.folder, 'lexical', `${generation}\n${lexical.serialize()}`);
    writeKept(place.folder, place.pack, Buffer.from(pack));
    writeKept(place.folder, 'files', JSON.stringify(files));
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return `The index could not be kept in ${place.folder} (${code}); it works, and is built again next time.`;
  }
}

function readState(place: Place): Pick<Loaded, 'state' | 'lexical'> | undefined {
  const files = readKept(place.folder, 'files');
  const lexical = readKept(place.folder, 'lexical');
  if (!files || !lexical) {
    return undefined;
  }
  const json = JSON.parse(files.toString()) as FilesJson;
  const lineEnd = lexical.indexOf('\n');
  const fits =
    json.cutVersion === CUT_VERSION &&
    json.lexicalVersion === LEXICAL_VERSION &&
    json.root === place.root &&
    json.generation === lexical.toString('latin1', 0, lineEnd);
  if (!fits) {
    return undefined;
  }
  return {
    state: {
      files: new Map(json.files.map((file) => [file.cut.path, file])),
      skipped: new Map(json.skipped.map((file) => [file.path, file])),
      nextId: json.nextId,
    },
    lexical: () => LexicalIndex.parse(lexical.toString('utf8', lineEnd + 1)),
  };
}
