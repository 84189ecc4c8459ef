// Passages of other files for the stretch of a file that the cursor is in: they stay what they
// are until it leaves the stretch.

import type { LeoEngine } from '../engine/engine.js';
import { isEngineError } from '../engine/errors.js';
import type { RepositoryIndex } from '../index/types.js';
import { evidenceParts, type EvidenceParts } from '../prompt/parts.js';
import type { Evidence, PassageSource } from '../retrieval/source.js';
import type { Approximations } from './approximations.js';
import { selectForCursor } from './cursorEvidence.js';
import { KnownPlaces, type FilePlace, type NamedPlace } from './knownPlaces.js';
import { regionOf } from './region.js';

export interface Stretch {
  path: string;
  region: string;
  from: Approximations['evidence'];
  evidence: readonly Evidence[];
  /** As they were known when it was chosen. */
  definitions: readonly NamedPlace[];
  made: EvidenceParts;
}

export interface Cursor {
  path: string;
  text: string;
  offset: number;
  approximations: Pick<Approximations, 'evidence'>;
}

export class Stretches {
  private current: Stretch | undefined;
  private readonly places = new KnownPlaces();

  constructor(
    private readonly context: {
      engine: Pick<LeoEngine, 'hasSegments'>;
      repository: PassageSource & Pick<RepositoryIndex, 'segment'>;
    },
  ) {}

  async of(cursor: Cursor): Promise<Stretch> {
    const { path, approximations } = cursor;
    const region = regionOf(cursor.text, cursor.offset);
    const from = approximations.evidence;
    const definitions = this.places.definitionsFor(path, region);
    const known = this.current;
    const isSame = known?.path === path && known.region === region && known.from === from;
    if (isSame && definitions.every((one) => !this.isNews(one, known))) {
      return known;
    }
    const evidence = from === 'none' ? [] : await this.choose(cursor, definitions);
    const made = this.partsOf(evidence ?? [], from);
    const stretch = { path, region, from, evidence: evidence ?? [], definitions, made };
    this.current = evidence === undefined ? undefined : stretch;
    return stretch;
  }

  /** Where the names around a cursor are defined, as the editor knows. */
  defined({ path, text, offset }: Omit<Cursor, 'approximations'>, places: NamedPlace[]): void {
    this.places.defined(path, regionOf(text, offset), places);
  }

  /** Something was written there. */
  wrote(place: FilePlace): void {
    this.places.wrote(place, performance.now());
  }

  /** Files whose text is not what it was. */
  outdated(paths: readonly string[]): void {
    if (this.current?.evidence.some(({ path }) => paths.includes(path)) === true) {
      this.current = undefined;
    }
  }

  forget(): void {
    this.current = undefined;
  }

  /** Undefined while a file is other on disk than the index knows it: it will soon know. */
  private async choose(
    { path, text, offset }: Cursor,
    definitions: readonly NamedPlace[],
  ): Promise<Evidence[] | undefined> {
    const written = this.places.writtenOutside(path, performance.now());
    const { repository } = this.context;
    try {
      const places = { definitions, written };
      return (await selectForCursor(repository, path, text, offset, places)).evidence;
    } catch (error) {
      if (isEngineError(error) && error.code === 'stale') {
        return undefined;
      }
      throw error;
    }
  }

  /** Whether it was not known when the stretch was chosen, is not seen, and could be. */
  private isNews(place: NamedPlace, known: Stretch): boolean {
    return (
      !known.definitions.some((one) => isEqual(one, place)) &&
      !isSeen(place, known) &&
      this.context.repository.passageAt(place.path, place.line) !== undefined
    );
  }

  private partsOf(evidence: readonly Evidence[], from: Approximations['evidence']): EvidenceParts {
    const { repository, engine } = this.context;
    return evidenceParts(from === 'stored' ? 'leoam' : 'rag', evidence, {
      segment: (path, part) => repository.segment(path, part),
      hasSegments: (keys) => engine.hasSegments(keys),
    });
  }
}

function isEqual(a: NamedPlace, b: NamedPlace): boolean {
  return a.path === b.path && a.line === b.line && a.name === b.name;
}

function isSeen({ path, line }: FilePlace, { evidence }: Stretch): boolean {
  return evidence.some((one) => one.path === path && one.startLine <= line && line <= one.endLine);
}
