// Files of a folder in the tiers as the tree that the view shows: folders hold the sums of what
// lies below them, the largest comes first.

import type { FileInTiers } from '../../server/protocol/tiers.js';

/** A file or a folder. */
export interface Place {
  /** URI of the workspace folder. */
  folder: string;
  /** Relative to it; a folder's ends with a slash, the workspace folder's own is "/". */
  path: string;
  name: string;
  isFolder: boolean;
  tokens: number;
  tokensStored: number;
  bytes: number;
  /** Of these, what is read from RAM. */
  bytesInRam: number;
  /** All of what is stored is on disk, too. */
  isOnDisk: boolean;
  staleChunks: number;
  /** Of the latest used file below it. */
  lastUse: number;
  /** All of its files are. */
  pinned: boolean;
  /** A file's. */
  precision?: FileInTiers['precision'];
  children: Place[];
}

export interface PlaceRow {
  kind: 'place';
  place: Place;
}

/** Of a tree that shows places among other things. */
export type PlaceNode = PlaceRow | { kind: 'gpu' | 'ram' | 'disk' };

/** Of all places of all folders no other has it. */
export function idOf({ folder, path }: Pick<Place, 'folder' | 'path'>): string {
  return `${folder} ${path}`;
}

/**
 * What a command was given on a row: all selected rows if that row is one of them, else that row
 * alone; without those that lie below another of them. VS Code passes the selection in either case.
 */
export function meantPlaces(node: PlaceNode, selected: readonly PlaceNode[] = []): Place[] {
  if (node.kind !== 'place') {
    return [];
  }
  const places = selected.flatMap((one) => (one.kind === 'place' ? [one.place] : []));
  const { folder, path } = node.place;
  const isSelected = places.some((place) => place.folder === folder && place.path === path);
  return isSelected ? outermost(places) : [node.place];
}

function outermost(places: readonly Place[]): Place[] {
  const meant = new Set(places.map(idOf));
  return places.filter(
    ({ folder, path }) =>
      !foldersAbove(path).some((above) => meant.has(idOf({ folder, path: above }))),
  );
}

/** Paths of the folders that a file or folder lies below, the workspace folder's first. */
function foldersAbove(path: string): string[] {
  const names = path.replace(/\/$/u, '').split('/').slice(0, -1);
  const below = names.map((_, depth) => `${names.slice(0, depth + 1).join('/')}/`);
  return path === '/' ? [] : ['/', ...below];
}

/** The workspace folder's place, with all that lies below it. */
export function placesOf(folder: string, name: string, files: readonly FileInTiers[]): Place {
  const root = emptyFolder(folder, '/', name);
  const folders = new Map([['/', root]]);
  for (const file of files) {
    const names = file.path.split('/');
    const parents = [root];
    for (let depth = 1; depth < names.length; depth++) {
      const path = `${names.slice(0, depth).join('/')}/`;
      const known = folders.get(path) ?? emptyFolder(folder, path, names[depth - 1] ?? path);
      if (!folders.has(path)) {
        folders.set(path, known);
        parents.at(-1)?.children.push(known);
      }
      parents.push(known);
    }
    parents.at(-1)?.children.push(placeOf(folder, names.at(-1) ?? file.path, file));
    parents.forEach((parent) => add(parent, file));
  }
  for (const place of folders.values()) {
    place.children.sort(largestFirst);
  }
  root.pinned = files.length > 0 && root.pinned;
  return root;
}

function emptyFolder(folder: string, path: string, name: string): Place {
  const sums = { tokens: 0, tokensStored: 0, bytes: 0, bytesInRam: 0, staleChunks: 0, lastUse: 0 };
  return {
    ...{ folder, path, name, isFolder: true, ...sums },
    ...{ isOnDisk: true, pinned: true, children: [] },
  };
}

function placeOf(folder: string, name: string, file: FileInTiers): Place {
  return { ...file, folder, name, isFolder: false, lastUse: file.lastUse ?? 0, children: [] };
}

function add(parent: Place, file: FileInTiers): void {
  parent.tokens += file.tokens;
  parent.tokensStored += file.tokensStored;
  parent.bytes += file.bytes;
  parent.bytesInRam += file.bytesInRam;
  parent.isOnDisk &&= file.isOnDisk || file.bytes === 0;
  parent.staleChunks += file.staleChunks;
  parent.lastUse = Math.max(parent.lastUse, file.lastUse ?? 0);
  parent.pinned &&= file.pinned;
}

function largestFirst(a: Place, b: Place): number {
  return b.bytes - a.bytes || b.tokens - a.tokens || a.name.localeCompare(b.name);
}
