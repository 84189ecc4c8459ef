// Passages of other files for the stretch of a file that the cursor is in: they stay what they
// are until it leaves the stretch.

import type { Part } from '../engine/addon.js';
import type { LeoEngine } from '../engine/engine.js';
import type { RepositoryIndex } from '../index/types.js';
import { evidenceParts } from '../prompt/parts.js';
import { joinTokens, type PromptProfile } from '../prompt/profile.js';
import type { Evidence, FileLines, PassageSource } from '../retrieval/source.js';
import type { Approximations } from './approximations.js';
import { selectForCursor } from './cursorEvidence.js';
import { KnownPlaces, type FilePlace, type NamedPlace } from './knownPlaces.js';
import { regionOf } from './region.js';
import {
  changedLines,
  isShown,
  placeOnDisk,
  unsavedLines,
  type ChangedLines,
  type Documents,
  type UnsavedLines,
} from './unsaved.js';

export interface Stretch {
  path: string;
  region: string;
  from: Approximations['evidence'];
  /** Of other files, as editors have them. */
  unsaved: readonly UnsavedLines[];
  /** Of these and of other open documents that places were known in. */
  changed: readonly ChangedLines[];
  /** As they are on disk. */
  evidence: readonly Evidence[];
  /** As they were known when it was chosen. */
  definitions: readonly NamedPlace[];
  parts: Part[];
  /** Of the parts. */
  tokens: number;
}

type Chosen = Pick<Stretch, 'unsaved' | 'changed' | 'evidence'>;

const nothing: Chosen = { unsaved: [], changed: [], evidence: [] };

export interface Cursor {
  path: string;
  text: string;
  offset: number;
  approximations: Pick<Approximations, 'evidence'>;
}

export class Stretches {
  private current: Stretch | undefined;
  /** Of what was told meanwhile of other files. */
  private changes = 0;
  private path: string | undefined;
  private readonly places = new KnownPlaces();

  constructor(
    private readonly context: {
      engine: Pick<LeoEngine, 'hasSegments' | 'tokenize'>;
      profile: Pick<PromptProfile, 'header'>;
      repository: PassageSource & Pick<RepositoryIndex, 'segment' | 'lines'>;
      /** Of a document that is open in an editor. */
      openText?: Documents['textOf'];
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
    this.path = path;
    this.current = undefined; // until this one is chosen
    const { changes } = this;
    const chosen = from === 'none' ? nothing : await this.choose(cursor, definitions);
    const stretch = {
      ...{ path, region, from, definitions, ...chosen },
      ...(await this.partsOf(chosen, from)),
    };
    this.current = changes === this.changes ? stretch : undefined;
    return stretch;
  }

  /** Where the names around a cursor are defined, as the editor knows. */
  defined({ path, text, offset }: Omit<Cursor, 'approximations'>, places: NamedPlace[]): void {
    this.places.defined(path, regionOf(text, offset), places);
  }

  /** Something was written there: other files' stretches may show it. Returns what takes that back. */
  wrote(place: FilePlace): () => void {
    const takeBack = this.places.wrote(place, performance.now());
    const forget = (): void => {
      if (place.path !== this.path) {
        this.forget();
      }
    };
    forget();
    return () => {
      takeBack();
      forget();
    };
  }

  /** Files whose text is not what it was. */
  outdated(paths: readonly string[]): void {
    this.changes++;
    if (linesSeen(this.current).some(({ path }) => paths.includes(path))) {
      this.current = undefined;
    }
  }

  forget(): void {
    this.changes++;
    this.current = undefined;
  }

  private async choose(
    { path, text, offset }: Cursor,
    definitions: readonly NamedPlace[],
  ): Promise<Chosen> {
    const written = this.places.writtenOutside(path, performance.now());
    const { repository, openText } = this.context;
    const documents: Documents = {
      textOf: (of) => openText?.(of),
      // Of one that has just been saved the index will soon know.
      onDisk: (of) => repository.lines(of, 1, Infinity).catch(() => ''),
    };
    const unsaved = await unsavedLines(written, documents);
    const others = [...definitions, ...written]
      .map((place) => place.path)
      .filter((of) => unsaved.every((lines) => lines.path !== of));
    const changed = [...unsaved, ...(await changedLines(others, documents))];
    const onDisk = <P extends FilePlace>(places: readonly P[]): P[] =>
      places.flatMap((place) => placeOnDisk(changed, place) ?? []);
    const places = { definitions: onDisk(definitions), written: onDisk(written), unsaved };
    const { evidence } = await selectForCursor(repository, path, text, offset, places);
    return { unsaved, changed, evidence };
  }

  /** Whether it was not known when the stretch was chosen, is not seen, and could be. */
  private isNews(place: NamedPlace, known: Stretch): boolean {
    const onDisk = placeOnDisk(known.changed, place);
    return (
      onDisk !== undefined &&
      !known.definitions.some((one) => isEqual(one, place)) &&
      !known.evidence.some((lines) => holds(lines, onDisk)) &&
      this.context.repository.passageAt(onDisk.path, onDisk.line) !== undefined
    );
  }

  /** What is not on disk stands first: it is computed once for several stretches. */
  private async partsOf(
    { unsaved, evidence }: Pick<Chosen, 'unsaved' | 'evidence'>,
    from: Approximations['evidence'],
  ): Promise<Pick<Stretch, 'parts' | 'tokens'>> {
    const { repository, engine, profile } = this.context;
    const made = evidenceParts(from === 'stored' ? 'leoam' : 'rag', evidence, {
      segment: (path, part) => repository.segment(path, part),
      hasSegments: (keys) => engine.hasSegments(keys),
    });
    const shown = unsaved.filter(isShown);
    const headers = shown.map(({ path }) => profile.header(path));
    const starts = headers.length === 0 ? [] : await engine.tokenize(headers, true);
    const texts = shown.map(({ text }) => `${text}\n`);
    const bodies = texts.length === 0 ? [] : await engine.tokenize(texts, false);
    const parts = starts.map((start, index): Part & { kind: 'text' } => ({
      kind: 'text',
      tokens: joinTokens([start, bodies[index] ?? new Int32Array()]),
    }));
    return {
      parts: [...parts, ...made.parts],
      tokens: parts.reduce((sum, { tokens }) => sum + tokens.length, made.tokens),
    };
  }
}

function isEqual(a: NamedPlace, b: NamedPlace): boolean {
  return a.path === b.path && a.line === b.line && a.name === b.name;
}

function holds({ path, startLine, endLine }: FileLines, place: FilePlace): boolean {
  return place.path === path && startLine <= place.line && place.line <= endLine;
}

/** Lines that a model saw: of a file on disk or, unsaved, of a document. */
export interface SeenLines extends FileLines {
  isUnsaved?: true;
}

/** Of other files, best first. */
export function linesSeen(stretch: Stretch | undefined): SeenLines[] {
  const { unsaved, evidence } = stretch ?? nothing;
  const linesOf = ({ path, startLine, endLine }: FileLines): FileLines => ({
    ...{ path, startLine, endLine },
  });
  return [
    ...unsaved.filter(isShown).map((lines) => ({ ...linesOf(lines), isUnsaved: true as const })),
    ...[...evidence].sort((a, b) => a.rank - b.rank).map(linesOf),
  ];
}
