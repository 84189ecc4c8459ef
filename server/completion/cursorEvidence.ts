// What of the rest of the repository a cursor needs: definitions of the names around it, and
// passages that speak of the same. The file being edited is not its own context.

import type { FileLines, PassageSource, WorkingSet } from '../retrieval/source.js';
import { defaultSelection, selectWorkingSet, type ChosenPassage } from '../retrieval/workingSet.js';
import { importsOf } from './imports.js';
import type { FilePlace, NamedPlace } from './knownPlaces.js';
import { replaced, type UnsavedLines } from './unsaved.js';

/** Of what the editor knows. */
const mostDefinitions = 3;
const mostWritten = 1;

export const cursorSelection = { passages: 2, follow: 4, maxTokens: 1200 };

/** Lines that say what the cursor is about. */
const linesBefore = 12;
const linesBehind = 3;
/** Of each, next to the cursor: a line may be a whole file. */
const mostOfLine = 500;
const importCharacters = 1500;

export function selectForCursor(
  source: PassageSource,
  path: string,
  text: string,
  offset: number,
  { definitions, written, unsaved }: EditorPlaces = { definitions: [], written: [], unsaved: [] },
): Promise<WorkingSet> {
  const others = without(source, path, text, unsaved);
  const known = [
    ...definitions
      .flatMap(({ name, ...place }) => passageOf(others, place, { kind: 'definition', name }))
      .slice(0, mostDefinitions),
    ...written
      .filter((place) => !unsaved.some((lines) => lines.path === place.path))
      .flatMap((place) => passageOf(others, place, { kind: 'written' }))
      .slice(0, mostWritten),
  ];
  return selectWorkingSet(others, aboutCursor(text, offset), {
    ...defaultSelection,
    ...cursorSelection,
    heads: 'off',
    // Shown in the file, so that a table of what it imports says nothing new.
    alsoNamed: importsOf(text).slice(0, importCharacters),
    known,
    from: path,
  });
}

/** What the editor knows of other files, places as they are on disk. */
export interface EditorPlaces {
  definitions: readonly NamedPlace[];
  /** The latest first. */
  written: readonly FilePlace[];
  /** Shown as they are there. */
  unsaved: readonly UnsavedLines[];
}

/** None where the index has none, such as what lies in node_modules. */
function passageOf(
  source: PassageSource,
  place: FilePlace,
  reason: ChosenPassage['reason'],
): ChosenPassage[] {
  const passage = source.passageAt(place.path, place.line);
  return passage === undefined ? [] : [{ passage, reason }];
}

function aboutCursor(text: string, offset: number): string {
  const before = text
    .slice(0, offset)
    .split('\n')
    .slice(-linesBefore)
    .map((line) => line.slice(-mostOfLine));
  const behind = text
    .slice(offset)
    .split('\n')
    .slice(0, linesBehind)
    .map((line) => line.slice(0, mostOfLine));
  return `${before.join('\n')}${behind.join('\n')}`;
}

/**
 * The index as if neither the file were in it nor what is shown as it is in an editor; the file
 * imports what its text there does.
 */
function without(
  source: PassageSource,
  path: string,
  text: string,
  unsaved: readonly UnsavedLines[],
): PassageSource {
  const gone = unsaved.map(replaced);
  let imports: string[] | undefined;
  const isThere = (lines: FileLines): boolean =>
    lines.path !== path && !gone.some((other) => overlap(other, lines));
  return {
    files: source.files.filter((file) => file.path !== path),
    search: async (question, limit) =>
      (await source.search(question, limit + leftOut)).filter(({ passage }) => isThere(passage)),
    passageAt: (at, line) => {
      const passage = source.passageAt(at, line);
      return passage !== undefined && isThere(passage) ? passage : undefined;
    },
    definitionsOf: (name) => source.definitionsOf(name).filter((found) => found.path !== path),
    importsOf: (of) =>
      of === path ? (imports ??= source.importsOf(path, text)) : source.importsOf(of),
    // The index will soon know a file that is other on disk.
    passageText: (passage) => source.passageText(passage).catch(() => ''),
    passagesOf: (of) => source.passagesOf(of).filter(isThere),
  };
}

function overlap(a: FileLines | undefined, b: FileLines): boolean {
  return a?.path === b.path && a.startLine <= b.endLine && b.startLine <= a.endLine;
}

/** Hits that are looked past. */
const leftOut = 32;
