// Holds suggestions that were kept against what was shown before: each has to be the rest of that,
// behind what was typed of it since.

import type { CompletionRecord } from '../../server/protocol/completion.js';
import type { Suggested } from '../server/openDocument.js';

/** An offset of a document that was asked about. */
export interface AskedPlace {
  uri: string;
  text: string;
  offset: number;
}

/** What was suggested at a place, or may have been made for it without being shown. */
interface Made {
  uri: string;
  before: string;
  behind: string;
  /** Empty where nobody knows. */
  shown: readonly Suggested[];
}

interface Answer {
  uri: string;
  /** 1-based. */
  line: number;
  text: string;
  verdict: Verdict;
}

/** `unknown`: it may be what was made and not shown. */
type Verdict = { kind: 'rest' | 'unknown' } | { kind: 'other'; rest: string };

/** More than the server keeps. */
const remembered = 100;

export class KeptCheck {
  /** Kept suggestions that were the rest of what was shown. */
  rests = 0;
  /** The newest first. */
  private made: Made[] = [];
  /** Whose records were not told yet. */
  private answers: Answer[] = [];

  /** To be told in the order in which the answers come; empty where nothing was shown. */
  answered({ uri, text, offset }: AskedPlace, shown: readonly Suggested[]): void {
    const at = { uri, before: text.slice(0, offset), behind: text.slice(offset) };
    const [first] = shown;
    if (first !== undefined) {
      const line = at.before.split('\n').length;
      const verdict = this.verdictOf(at, first.text);
      this.answers.push({ uri, line, text: first.text, verdict });
    }
    this.add({ ...at, shown });
    if (first !== undefined) {
      // What comes behind it is computed while it is read.
      const before = at.before + first.text;
      this.add({ uri, before, behind: text.slice(first.end), shown: [] });
    }
  }

  /**
   * To be told in order. What is wrong with a suggestion that was kept; undefined where nothing is, and
   * where nobody knows.
   */
  problemOf({ id, uri, line, text, outcome }: CompletionRecord): string | undefined {
    const index = this.answers.findIndex(
      (one) => one.uri === uri && one.line === line && one.text === text,
    );
    const isShown = outcome !== 'dropped' && index >= 0;
    const verdict = isShown ? this.answers.splice(index, 1)[0]?.verdict : undefined;
    if (outcome !== 'kept' || verdict === undefined) {
      return undefined;
    }
    this.rests += verdict.kind === 'rest' ? 1 : 0;
    return verdict.kind === 'other'
      ? `Record ${String(id)} (${uri}:${String(line)}): "${text}" was kept, and "${verdict.rest}" is the rest of what was shown`
      : undefined;
  }

  /** The newest that fits counts. */
  private verdictOf(at: Omit<Made, 'shown'>, text: string): Verdict {
    for (const one of this.made) {
      const isAround =
        one.uri === at.uri && at.before.startsWith(one.before) && at.behind.endsWith(one.behind);
      if (!isAround) {
        continue;
      }
      if (one.shown.length === 0 || one.behind !== at.behind) {
        return { kind: 'unknown' };
      }
      const [rest, ...others] = restsOf(one, at);
      if (rest !== undefined) {
        return [rest, ...others].includes(text) ? { kind: 'rest' } : { kind: 'other', rest };
      }
    }
    return { kind: 'unknown' };
  }

  private add(made: Made): void {
    this.made = [made, ...this.made].slice(0, remembered);
  }
}

/** Without what would replace itself. */
function restsOf({ before, shown }: Made, at: Omit<Made, 'shown'>): string[] {
  const typed = at.before.slice(before.length);
  return shown
    .filter(({ text }) => text.startsWith(typed) && text !== typed)
    .filter(({ text, end }) => {
      const replaced = end - before.length;
      return text.slice(typed.length) !== at.behind.slice(0, replaced);
    })
    .map(({ text }) => text.slice(typed.length));
}
