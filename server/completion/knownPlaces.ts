// Places of other files that belong to a cursor, as far as the editor knows: where its language
// servers say that the names around it are defined, and where something was written lately.

/** A line of a file of the repository, 1-based. */
export interface FilePlace {
  path: string;
  line: number;
}

/** Where a name is defined. */
export interface NamedPlace extends FilePlace {
  name: string;
}

const writtenForMs = 10 * 60_000;
const mostFiles = 8;

export class KnownPlaces {
  private definitions: { path: string; region: string; places: readonly NamedPlace[] } | undefined;
  /** The place in each file. */
  private readonly written = new Map<string, { line: number; at: number }>();

  /** Of the names around a cursor in this stretch of a file. */
  defined(path: string, region: string, places: readonly NamedPlace[]): void {
    this.definitions = { path, region, places: places.filter((place) => place.path !== path) };
  }

  definitionsFor(path: string, region: string): readonly NamedPlace[] {
    const { definitions } = this;
    return definitions?.path === path && definitions.region === region ? definitions.places : [];
  }

  /**
   * `now`: milliseconds of any clock that does not go back. Returns what takes it back, so that the place
   * in the file is the one before; it does nothing once something was written there since.
   */
  wrote({ path, line }: FilePlace, now: number): () => void {
    const before = this.written.get(path);
    const written = { line, at: now };
    this.written.delete(path);
    this.written.set(path, written);
    // Not by their number: those that many others displace are there again once these are taken back.
    for (const [of, { at }] of this.written) {
      if (now - at > writtenForMs) {
        this.written.delete(of);
      }
    }
    return () => {
      if (this.written.get(path) !== written) {
        return;
      }
      this.written.delete(path);
      if (before !== undefined) {
        this.written.set(path, before);
      }
    };
  }

  /** In other files than this one, the latest first. */
  writtenOutside(path: string, now: number): FilePlace[] {
    return [...this.written]
      .filter(([of, { at }]) => of !== path && now - at <= writtenForMs)
      .reverse()
      .sort(([, a], [, b]) => b.at - a.at)
      .slice(0, mostFiles)
      .map(([of, { line }]) => ({ path: of, line }));
  }
}
