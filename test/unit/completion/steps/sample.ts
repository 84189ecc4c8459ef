// Golden samples: a document in which the cursor is marked, and how it looks once a suggestion
// was taken.

import type { Place, Step, Suggested } from '../../../../server/completion/place.js';

const mark = '‸';

export function sample(marked: string, languageId = 'typescript'): Place {
  const offset = marked.indexOf(mark);
  if (offset < 0 || marked.includes(mark, offset + 1)) {
    throw new Error(`A sample has one cursor: ${marked}`);
  }
  return { text: marked.replace(mark, ''), offset, languageId };
}

/** The document with the suggestion, the cursor behind it; or the reason why there is none. */
export function taken(marked: string, result: Suggested | string, languageId?: string): string {
  if (typeof result === 'string') {
    return result;
  }
  const { text, offset } = sample(marked, languageId);
  return text.slice(0, offset) + result.text + mark + text.slice(offset + result.replaced);
}

/** What one step makes of what a model wrote. */
export function after(step: Step, marked: string, written: string, languageId?: string): string {
  const place = sample(marked, languageId);
  return taken(marked, step({ text: written, replaced: 0 }, place), languageId);
}
