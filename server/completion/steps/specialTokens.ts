// A model's control tokens are no code: what it wrote ends before the first of them, also before
// one that it began only.

import type { Step } from '../place.js';

const token =
  /<\|\w+\|>|<(?:fim_(?:prefix|suffix|middle|pad)|file_sep|repo_name)>|<\|(?:endoftext|fim_|file_sep|repo_name|im_start|im_end)\w*\|?$/;

export const specialTokens: Step = (suggested) => {
  const at = suggested.text.search(token);
  return at < 0 ? suggested : { ...suggested, text: suggested.text.slice(0, at) };
};
