// The import statements of a file: they name what it may use of others, however far above the
// cursor they stand.

/** What stands in brackets that are not within each other, without the last one: comments may hold any. */
const most = '{0,2000}';
const inBraces = String.raw`\{(?:[^}/]|//[^\n]*\n|/(?!/))${most}`;
const inParentheses = String.raw`\((?:[^)/#]|(?://|#)[^\n]*\n|/(?!/))${most}`;
/** A line, and what it goes on with in Python. */
const rest = String.raw`(?:[^\n\\]|\\\r?\n|\\(?!\r?\n))*`;
const isPublic = String.raw`(?:pub(?:\([^)\n]*\))?\s+)?`;

/**
 * Over several lines where they have brackets, of which so much is looked through for the end: one that
 * is being written may not be whole.
 */
const statements = [
  String.raw`import\b[^;'"\n]*${inBraces}\}[^\n]*`, // JavaScript
  String.raw`export\s+(?:type\s+)?${inBraces}\}\s*from\b[^\n]*`,
  String.raw`(?:const|var|let)\s*${inBraces}\}\s*=\s*(?:await\s+import|require)\b[^\n]*`,
  String.raw`(?:const|var|let)\b[^\n]*\b(?:require\b|await\s+import\s*\()[^\n]*`,
  String.raw`[ \t]*from\s+[\w.]+\s+import\s*${inParentheses}\)`, // Python
  String.raw`[ \t]*from\s+[\w.]+\s+import\b${rest}`,
  String.raw`import\s*${inParentheses}\)`, // Go
  String.raw`${isPublic}use\s[^;\n]*\{[^;]${most};`, // Rust
  String.raw`${isPublic}use\b[^\n]*`,
  String.raw`(?:require|include)(?:_once|_relative)?\b\s*\(?\s*['"][^\n]*`, // Ruby, PHP
  String.raw`(?:import|from|export\b[^\n]*\bfrom|#[ \t]*include|using)\b[^\n]*`,
];
const statement = new RegExp(`^(?:${statements.join('|')})`, 'gmu');

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
