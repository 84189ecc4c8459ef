// Finding a file by letters of its path, as a person types it after an "@".

import type { RepositoryIndex } from './types.js';

export interface FoundPath {
  kind: 'file' | 'folder';
  /** A folder's ends with a slash. */
  path: string;
  tokens: number;
}

/** Files and folders whose path has the query's letters in this order, the best match first. */
export function findPaths(
  { files }: Pick<RepositoryIndex, 'files'>,
  query: string,
  limit: number,
): FoundPath[] {
  const wanted = query.toLowerCase().replaceAll('\\', '/');
  const found = [...folders(files), ...files.map(fileOf)]
    .map((path, order) => ({ path, order, cost: matchCost(path.path.toLowerCase(), wanted) }))
    .filter(({ cost }) => cost !== undefined)
    .sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0) || a.order - b.order);
  return found.slice(0, limit).map(({ path }) => path);
}

/** Smaller is better; undefined when a letter is missing. */
function matchCost(path: string, query: string): number | undefined {
  if (query === '') {
    return path.endsWith('/') ? 1 : 0;
  }
  const name = path.slice(path.lastIndexOf('/', path.length - 2) + 1);
  if (name.startsWith(query)) {
    return name.length / 1000;
  }
  if (name.includes(query)) {
    return 1 + name.length / 1000;
  }
  if (path.includes(query)) {
    return 2 + path.length / 1000;
  }
  return lettersInOrder(path, query) ? 3 + path.length / 1000 : undefined;
}

function lettersInOrder(path: string, query: string): boolean {
  let at = -1;
  for (const letter of query) {
    at = path.indexOf(letter, at + 1);
    if (at < 0) {
      return false;
    }
  }
  return true;
}

function fileOf({ path, tokens }: { path: string; tokens: number }): FoundPath {
  return { kind: 'file', path, tokens };
}

function folders(files: RepositoryIndex['files']): FoundPath[] {
  const tokensOf = new Map<string, number>();
  for (const { path, tokens } of files) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash + 1);
      tokensOf.set(folder, (tokensOf.get(folder) ?? 0) + tokens);
    }
  }
  return [...tokensOf].map(([path, tokens]) => ({ kind: 'folder', path, tokens }));
}
