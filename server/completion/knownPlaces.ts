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
const rememberedFiles = 8;

export class KnownPlaces {
  private definitions: { path: string; region: string; places: readonly NamedPlace[] } | undefined;
  /** The place in each file, the latest last. */
  private readonly written = new Map<string, { line: number; at: number }>();

  /** Of the names around a cursor in this stretch of a file. */
  defined(path: string, region: string, places: readonly NamedPlace[]): void {
    this.definitions = { path, region, places: places.filter((place) => place.path !== path) };
  }

  definitionsFor(path: string, region: string): readonly NamedPlace[] {
    const { definitions } = this;
    return definitions?.path === path && definitions.region === region ? definitions.places : [];
  }

  /** `now`: milliseconds of any clock that does not go back. */
  wrote({ path, line }: FilePlace, now: number): void {
    this.written.delete(path);
    this.written.set(path, { line, at: now });
    const [oldest] = this.written.keys();
    if (this.written.size > rememberedFiles && oldest !== undefined) {
      this.written.delete(oldest);
    }
  }

  /** In other files than this one, the latest first. */
  writtenOutside(path: string, now: number): FilePlace[] {
    return [...this.written]
      .filter(([of, { at }]) => of !== path && now - at <= writtenForMs)
      .map(([of, { line }]) => ({ path: of, line }))
      .reverse();
  }
}
