// Holes in real files, to be filled in: the rest of a statement behind its first words, or the
// lines of a block. Half of them need a name of another file that nothing else in their own file
// shows. The same files and seed give the same holes.

import type { Hole } from '../../server/cli/completeFile.js';
import { indexNames, needsOf, type NameIndex } from './names.js';
import {
  codeOnly,
  opensStatements,
  sourceLines,
  type SourceFile,
  type SourceLine,
} from './sourceFiles.js';
import { seededRandom } from './statistics.js';

export const holeKinds = [
  'cross-file line',
  'cross-file block',
  'local line',
  'local block',
] as const;
export type HoleKind = (typeof holeKinds)[number];

export function shapeOf(kind: HoleKind): 'line' | 'block' {
  return kind === 'cross-file line' || kind === 'local line' ? 'line' : 'block';
}

export interface RepoHole extends Hole {
  kind: HoleKind;
  /** 0-based, where it begins. */
  line: number;
  /** Names that only other files explain; none of a local hole. */
  needs: string[];
  /** Where it begins within a name: what that goes on with. */
  restOfName?: string;
}

interface Span {
  shape: 'line' | 'block';
  line: number;
  /** UTF-16 units. */
  start: number;
  end: number;
}

/** Nearer ones would show each other's evidence: it is chosen anew after 20 lines. */
const apart = 21;
const rest = { min: 8, max: 120 };
const block = { minLines: 2, maxLines: 6, minCharacters: 24, maxCharacters: 400, otherLines: 1 };
/** A line that ends so goes on below; one that follows such an end goes on from above. */
const goesOn = /[,([=+\-*/&|?:<>.{]$/;
const continues = /^\s*[.?:&|+\-*/)\]}]/;

/** Every hole that the files offer, in the order of files and lines. */
export function findHoles(files: readonly SourceFile[], seed = 1): RepoHole[] {
  const index = indexNames(files);
  const random = seededRandom(seed);
  return [...files]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap((file) => {
      const lines = sourceLines(file.text);
      return lines.flatMap((_, at) =>
        [lineSpan(lines, at, random()), blockSpan(lines, at)].flatMap((span) => {
          const hole = span === undefined ? undefined : holeOf(index, file, span);
          return hole === undefined ? [] : [hole];
        }),
      );
    });
}

/**
 * At most a quarter of `count` of each kind, the repositories in turn. A larger count only
 * adds holes, so that what was measured for a small one counts for a large one.
 */
export function chooseHoles<T extends RepoHole & { repo: string }>(
  candidates: readonly T[],
  count: number,
  seed = 1,
): T[] {
  const random = seededRandom(seed);
  const queues = new Map<HoleKind, T[][]>(
    holeKinds.map((kind) => [kind, turns(candidates, kind, random)]),
  );
  const chosen: T[] = [];
  for (let round = 0; round < count / holeKinds.length; round++) {
    for (const kind of holeKinds) {
      const next = takeNext(queues.get(kind) ?? [], chosen);
      if (next !== undefined && chosen.length < count) {
        chosen.push(next);
      }
    }
  }
  return chosen;
}

/** Of each repository its holes of the kind, shuffled. */
function turns<T extends RepoHole & { repo: string }>(
  candidates: readonly T[],
  kind: HoleKind,
  random: () => number,
): T[][] {
  const repos = [...new Set(candidates.map(({ repo }) => repo))].sort();
  return repos.map((repo) =>
    candidates
      .filter((hole) => hole.repo === repo && hole.kind === kind)
      .map((hole) => ({ hole, order: random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ hole }) => hole),
  );
}

/** From the repository whose turn it is; that one is then the last. */
function takeNext<T extends RepoHole & { repo: string }>(
  queues: T[][],
  chosen: readonly T[],
): T | undefined {
  for (let tried = queues.length; tried > 0; tried--) {
    const queue = queues.shift() ?? [];
    queues.push(queue);
    while (queue.length > 0) {
      const hole = queue.shift();
      if (hole !== undefined && !chosen.some((other) => areNear(hole, other))) {
        return hole;
      }
    }
  }
  return undefined;
}

function areNear<T extends RepoHole & { repo: string }>(a: T, b: T): boolean {
  return a.repo === b.repo && a.path === b.path && Math.abs(a.line - b.line) < apart;
}

function holeOf(index: NameIndex, file: SourceFile, span: Span): RepoHole | undefined {
  const { first, all } = needsOf(index, file, span.start, span.end);
  if (first.length === 0 && all.length > 0) {
    return undefined; // the file itself shows how the name is used: neither the one nor the other
  }
  return {
    path: file.path,
    startByte: Buffer.byteLength(file.text.slice(0, span.start)),
    endByte: Buffer.byteLength(file.text.slice(0, span.end)),
    expected: file.text.slice(span.start, span.end),
    kind: `${first.length > 0 ? 'cross-file' : 'local'} ${span.shape}`,
    line: span.line,
    needs: first,
  };
}

/** Behind the first one to three words of a statement that ends on its line. `dice`: in [0, 1). */
function lineSpan(lines: readonly SourceLine[], at: number, dice: number): Span | undefined {
  const line = lines[at];
  if (line === undefined || line.isBlank || line.isComment || !isStatement(lines, at)) {
    return undefined;
  }
  const words = [...line.text.matchAll(/[\w$#@]+|[^\s\w]/g)].map(
    (match) => match.index + match[0].length,
  );
  const cut = words[Math.floor(dice * 3)];
  const expected = cut === undefined ? '' : line.text.slice(cut).trimEnd();
  const fits = expected.length >= rest.min && expected.length <= rest.max;
  return cut === undefined || !fits || !/[A-Za-z]{3}/.test(codeOnly(expected))
    ? undefined
    : {
        ...{ shape: 'line', line: at },
        start: line.start + cut,
        end: line.start + cut + expected.length,
      };
}

function isStatement(lines: readonly SourceLine[], at: number): boolean {
  const text = lines[at]?.text ?? '';
  const code = codeOnly(text).trimEnd();
  const hasComment = /\/[/*]/.test(text);
  const above = lines
    .slice(0, at)
    .filter((line) => !line.isBlank && !line.isComment)
    .at(-1);
  const below = lines.slice(at + 1).find((line) => !line.isBlank);
  const follows = above !== undefined && /[,([=+\-*/&|?:<>.]$/.test(above.text.trimEnd());
  const isImport = /^\s*(import\b|export\s+\{|\}|.*\brequire\()/.test(text);
  return (
    !hasComment &&
    !isImport &&
    !follows &&
    !continues.test(text) &&
    !goesOn.test(text.trimEnd()) &&
    isBalanced(code) &&
    (below === undefined || !/^\s*[.?:&|+]/.test(below.text))
  );
}

function isBalanced(code: string): boolean {
  const count = (pattern: RegExp): number => code.match(pattern)?.length ?? 0;
  return (
    count(/\(/g) === count(/\)/g) && count(/\[/g) === count(/\]/g) && count(/\{/g) === count(/\}/g)
  );
}

/** The lines between one that opens a block of statements and the one that closes it. */
function blockSpan(lines: readonly SourceLine[], at: number): Span | undefined {
  const opener = lines[at];
  if (opener === undefined || !opensStatements(opener.text)) {
    return undefined;
  }
  const close = lines.findIndex(
    (line, i) => i > at && !line.isBlank && line.indent <= opener.indent,
  );
  const body = lines.slice(at + 1, close);
  const head = body[0];
  const last = body.at(-1);
  const isClosed = lines[close]?.indent === opener.indent && /^\s*\}/.test(lines[close].text);
  if (head === undefined || last === undefined || !isClosed) {
    return undefined;
  }
  const start = head.start + head.indent;
  const end = last.start + last.text.trimEnd().length;
  const hasSize =
    body.length >= block.minLines &&
    body.length <= block.maxLines &&
    end - start >= block.minCharacters &&
    end - start <= block.maxCharacters;
  const others = body.filter((line) => line.isBlank || line.isComment);
  const isCode = others.length <= block.otherLines && !head.isBlank && !last.isComment;
  return hasSize && isCode ? { shape: 'block', line: at + 1, start, end } : undefined;
}
