// Names in the lines around a cursor that may be defined elsewhere.

export interface NamePlace {
  name: string;
  /** Of the text, from 0. */
  line: number;
  /** In UTF-16 units. */
  character: number;
}

const mostNames = 8;
const shortestName = 3;
const keywords = new Set(
  (
    'and any as assert async await bool boolean break case catch class const continue def default ' +
    'defer del do double elif else end enum except export extends false final finally float fn for ' +
    'foreach from func function global goto if impl implements import in instanceof int interface ' +
    'is lambda let long match mod module mut namespace new nil none not null number object of or ' +
    'override package pass private protected pub public raise readonly ref require return self ' +
    'short static string struct super switch template then this throw throws trait true try type ' +
    'typeof undefined unknown unless until use using val var virtual void when where while with yield'
  ).split(' '),
);

/** Each once, the nearest line first; `at`: the cursor's line. Strings and comments count, too. */
export function namesAround(text: string, at: number): NamePlace[] {
  const places = text.split('\n').flatMap((content, line) =>
    [...content.matchAll(/[\p{ID_Start}_$][\p{ID_Continue}$]*/gu)].map((match) => ({
      ...{ name: match[0], line, character: match.index },
    })),
  );
  const found = new Map<string, NamePlace>();
  for (const place of places.sort((a, b) => Math.abs(a.line - at) - Math.abs(b.line - at))) {
    const { name } = place;
    if (name.length >= shortestName && !keywords.has(name.toLowerCase()) && !found.has(name)) {
      found.set(name, place);
    }
  }
  return [...found.values()].slice(0, mostNames);
}
