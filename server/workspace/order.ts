// The order in which files are worth reading: what is open, what changed lately, then small
// before large, so that an index that is not complete yet holds as many files as it can.

export interface OrderedFile {
  path: string;
  bytes: number;
  mtimeMs: number;
}

export interface OrderHints {
  /** Relative paths of files open in an editor, the active one first. */
  open: readonly string[];
  /** Changed since the last commit. */
  modified: ReadonlySet<string>;
  /** Path to its place among the last committed changes. */
  committed: ReadonlyMap<string, number>;
}

/** Sorts in place. */
export function sortByUse(files: OrderedFile[], hints: OrderHints): void {
  const open = new Map(hints.open.map((path, place) => [path, place]));
  const group = (file: OrderedFile): number => {
    if (open.has(file.path)) {
      return 0;
    }
    if (hints.modified.has(file.path)) {
      return 1;
    }
    return hints.committed.has(file.path) ? 2 : 3;
  };
  const place = (file: OrderedFile, inGroup: number): number => {
    switch (inGroup) {
      case 0:
        return open.get(file.path) ?? 0;
      case 1:
        return -file.mtimeMs;
      case 2:
        return hints.committed.get(file.path) ?? 0;
      default:
        return file.bytes;
    }
  };
  const keyed = files.map((file) => {
    const inGroup = group(file);
    return { file, inGroup, place: place(file, inGroup) };
  });
  keyed.sort(
    (a, b) => a.inGroup - b.inGroup || a.place - b.place || (a.file.path < b.file.path ? -1 : 1),
  );
  keyed.forEach(({ file }, i) => (files[i] = file));
}
