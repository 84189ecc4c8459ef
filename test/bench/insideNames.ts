// Holes that begin within a name, as where somebody types: most keys of code do.

import type { RepoHole } from './holes.js';

/** Names that are none. */
const keywords = new Set(
  (
    'abstract await break class const continue debugger declare default delete export extends ' +
    'finally function implements import instanceof interface namespace private protected public ' +
    'readonly return satisfies static super switch throw typeof undefined while yield'
  ).split(' '),
);
/** So many characters of a name are left to be found at least. */
const leastRest = 3;

/**
 * The hole's line from within a name on: behind the first `typed` characters of one that only other files
 * explain, or else of its first one. Nothing where no name is long enough.
 */
export function insideName<T extends RepoHole>(hole: T, typed: number): T[] {
  const names = [...hole.expected.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)].filter(
    ([name]) => name.length >= typed + leastRest && !keywords.has(name),
  );
  const isOnce = ({ 0: name }: RegExpExecArray): boolean => hole.expected.split(name).length === 2;
  const needed = names.filter(([name]) => hole.needs.includes(name));
  // Where it stands in another line, that would show it.
  const found =
    needed.find(isOnce) ?? (needed.length > 0 ? undefined : names.find((name) => isOnce(name)));
  if (found === undefined) {
    return [];
  }
  const from = found.index + typed;
  const lineEnd = hole.expected.indexOf('\n', from);
  const expected = hole.expected.slice(from, lineEnd < 0 ? undefined : lineEnd).trimEnd();
  const startByte = hole.startByte + Buffer.byteLength(hole.expected.slice(0, from));
  const above = hole.expected.slice(0, from).split('\n').length - 1;
  const isNeeded = hole.needs.includes(found[0]);
  return [
    {
      ...hole,
      ...{ expected, startByte, endByte: startByte + Buffer.byteLength(expected) },
      ...({ kind: isNeeded ? 'cross-file line' : 'local line' } as const),
      needs: isNeeded ? hole.needs : [],
      line: hole.line + above,
      restOfName: found[0].slice(typed),
    },
  ];
}

/** Whether what was written begins with that rest, and the name ends there. */
export function hasName(written: string, restOfName: string): boolean {
  return /^[\p{L}\p{N}_$]*/u.exec(written)?.[0] === restOfName;
}
