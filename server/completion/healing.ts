// Token healing: what stands right before the cursor is taken out of the prompt and written anew, as
// the beginning of what is filled in. Tokens of a half word are not those of the whole one, and a
// model that is given them rarely finds the rest.

/**
 * What the tokenizers of the Qwen models never join with the text before it: a word takes one mark or
 * space before it along, marks a space.
 */
const pieces =
  /'(?:s|t|re|ve|m|ll|d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/giu;
/** Further back than names reach. */
const mostCharacters = 64;

/**
 * The end of the text before a cursor that may be the beginning of a longer token; '' where it is none,
 * and in indentation alone, of which models write the rest or all.
 */
export function healable(before: string): string {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  if (line.trim() === '') {
    return '';
  }
  const last =
    line
      .slice(-2 * mostCharacters)
      .match(pieces)
      ?.at(-1) ?? '';
  if (last.trim() !== '' && last !== '_' && !/\p{L}$/u.test(last)) {
    return ''; // digits are tokens of their own; other marks would be closed again too soon
  }
  // A word takes the last space before it along, not what is before that.
  const end = last.trim() === '' ? last.slice(-1) : last;
  return end.length > mostCharacters ? '' : end;
}
