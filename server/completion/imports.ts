// The import statements of a file: they name what it may use of others, however far above the
// cursor they stand.

/**
 * Over several lines where they have brackets, of which so much is looked through for the end: one that
 * is being written may not be whole.
 */
const statements = [
  /import\b[^;'"\n]*\{[^}]{0,2000}\}[^\n]*/, // JavaScript
  /(?:const|var|let)\s*\{[^}]{0,2000}\}\s*=\s*(?:await\s+import|require)\b[^\n]*/,
  /from\s[^\n(]*\([^)]{0,2000}\)/, // Python
  /import\s*\([^)]{0,2000}\)/, // Go
  /(?:pub\s+)?use\s[^;\n]*\{[^;]{0,2000};/, // Rust
  /(?:import|from|export\b[^\n]*\bfrom|#include|use|using|(?:const|var|let)\b[^\n]*\brequire)\b[^\n]*/,
];
const statement = new RegExp(`^(?:${statements.map(({ source }) => source).join('|')})`, 'gmu');

/** As they stand there. */
export function importsOf(text: string): string {
  return (text.match(statement) ?? []).join('\n');
}

/** Of the statements that are shown, and of the text from the first to the last one; in most files all. */
export const mostImportCharacters = 2000;

/**
 * Those of the text's [from, to), a line each, as many as there is room for. Of one that goes on behind
 * `to` what stands before that.
 */
export function importsWithin(text: string, from: number, to: number): string {
  let within = '';
  for (const { start, end } of importSpans(text)) {
    const found = text.slice(start, Math.min(end, to));
    if (start >= to || within.length + found.length >= mostImportCharacters) {
      break;
    }
    within += start < from ? '' : `${found.trimEnd()}\n`;
  }
  return within;
}

/** Where they stand, in UTF-16 units; looked for as far as somebody asks. */
export function* importSpans(text: string): Generator<{ start: number; end: number }> {
  for (const { 0: found, index } of text.matchAll(statement)) {
    yield { start: index, end: index + found.length };
  }
}
