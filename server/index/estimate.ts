// A fast guess of how many tokens a line is, from its letters alone. Cuts are made by it, so
// that passages and chunks are the same for every model and need no tokeniser; the true
// counts come with the tokens. Shaped after byte-level BPE as in the qwen and llama families:
// a word takes the space or mark before it along, digits stand alone, a run of punctuation is
// one or two tokens, indentation is one. Over runs of six lines of JavaScript, TypeScript,
// C++ and Python the estimate is 0.9 to 1.2 of the qwen2 count (5th to 95th percentile) and
// 0.75 to 1.0 of SmolLM2's.

/** Letters that one token of an identifier part holds on average. */
const LETTERS_PER_TOKEN = 7;

/** What the counting below gives for one token of the qwen2 vocabulary. */
const PIECES_PER_TOKEN = 1.2;

const WORDS = /[A-Z]*[a-z]+|[A-Z]+|[0-9]|[^\x00-\x7f]+|[^\sA-Za-z0-9]+|\s+/g;

/** Estimated tokens (a fraction) of a line with its line end. */
export function estimateTokens(line: string): number {
  let tokens = 0;
  for (const [piece] of line.matchAll(WORDS)) {
    const code = piece.charCodeAt(0);
    if (code <= 0x20) {
      // Before a word a single space is free; what is longer is one token.
      tokens += piece === ' ' ? 0 : 1;
    } else if (code > 0x7f) {
      tokens += piece.length;
    } else if (code >= 0x30 && code <= 0x39) {
      tokens += 1;
    } else if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) {
      tokens += Math.ceil(piece.length / LETTERS_PER_TOKEN);
    } else {
      tokens += Math.ceil(piece.length / 3);
    }
  }
  return tokens / PIECES_PER_TOKEN;
}
