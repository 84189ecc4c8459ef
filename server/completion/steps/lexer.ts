// A light lexer: which brackets and quotes a piece of code opens and closes, and whether it ends
// in a comment. It guesses where a grammar would know; who uses it must bear a wrong guess.

import { lookOf, type LanguageLook } from './languageLook.js';

export interface Opening {
  /** A bracket, or a quote. */
  mark: string;
  at: number;
}

export interface Closing {
  mark: string;
  at: number;
  /** What it closes, where that is known. */
  opening: Opening | undefined;
}

export interface Lexed {
  /** What the text opens and leaves open, the outermost first. */
  opened: Opening[];
  /** What the text closes of what stood open before it. */
  closed: Closing[];
  endsInComment: boolean;
}

/** Reads `text`, before which `open` stands open, the outermost first. */
export function lex(text: string, languageId: string, open: readonly Opening[] = []): Lexed {
  const look = lookOf(languageId);
  const state: State = { text, look, opened: [], outer: [...open], closed: [] };
  let at = 0;
  while (at < text.length) {
    plain.lastIndex = at;
    at += plain.exec(text)?.[0].length ?? 0;
    const innermost = state.opened.at(-1) ?? state.outer.at(-1);
    if (innermost && !(innermost.mark in closerOf)) {
      at = readString(state, at, innermost.mark);
      continue;
    }
    const comment = commentAt(state, at);
    if (comment?.end === undefined) {
      if (comment) {
        return { opened: state.opened, closed: state.closed, endsInComment: true };
      }
      at = readCode(state, at);
    } else {
      at = comment.end;
    }
  }
  return { opened: state.opened, closed: state.closed, endsInComment: false };
}

/** The mark that closes what `mark` opens. */
export function closerFor(mark: string): string {
  return closerOf[mark] ?? mark;
}

/** A string may go on in the next line. */
export function spansLines(quote: string): boolean {
  return quote.length > 1 || quote === '`';
}

const closerOf: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const openerOf: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/** Means nothing, in code and in strings. */
const plain = /[\w .,:;=]+/y;

interface State {
  text: string;
  look: LanguageLook;
  opened: Opening[];
  outer: Opening[];
  closed: Closing[];
}

/** Reads on within a string; returns where. */
function readString(state: State, at: number, quote: string): number {
  const { text, look } = state;
  if (text.startsWith(quote, at)) {
    close(state, quote, at);
    return at + quote.length;
  }
  if (text[at] === '\\') {
    // A line end is left to be seen.
    return text[at + 1] === '\n' ? at + 1 : at + 2;
  }
  if (quote === '`' && look.hasTemplates && text.startsWith('${', at)) {
    state.opened.push({ mark: '{', at: at + 1 });
    return at + 2;
  }
  if (text[at] === '\n' && !spansLines(quote)) {
    // It was no string after all, or is broken.
    (state.opened.length > 0 ? state.opened : state.outer).pop();
  }
  return at + 1;
}

function readCode(state: State, at: number): number {
  const { text, look } = state;
  const quote = look.quotes.find((mark) => text.startsWith(mark, at));
  if (quote !== undefined) {
    if (quote !== "'" || isQuote(state, at)) {
      state.opened.push({ mark: quote, at });
    }
    return at + quote.length;
  }
  const mark = text[at] ?? '';
  if (mark === '/' && look.hasTemplates) {
    return at + patternLength(text, at);
  }
  if (mark in closerOf) {
    state.opened.push({ mark, at });
  } else if (mark in openerOf) {
    close(state, mark, at);
  }
  return at + 1;
}

/** Of a regular expression, whose quotes open nothing; 1 for a division. */
function patternLength(text: string, at: number): number {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  if (!/(?:^|[(=,:!&|?[{};]|\breturn)$/.test(before)) {
    return 1;
  }
  const line = text.slice(at, at + 400);
  return /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//.exec(line)?.[0].length ?? 1;
}

/** Not the apostrophe of "don't", 1'000 or a lifetime. */
function isQuote({ text, look }: State, at: number): boolean {
  if (look.hasLifetimes) {
    return /^'(?:\\.[^'\n]{0,8}|[^'\\\n]{1,2})'/.test(text.slice(at, at + 12));
  }
  const word = /\w+$/.exec(text.slice(Math.max(0, at - 16), at))?.[0];
  return word === undefined || /^(?:[bfru]{1,2}|u8|L)$/i.test(word);
}

/** The comment that begins at `at`; its end is not known where it is not in the text. */
function commentAt({ text, look }: State, at: number): { end?: number } | undefined {
  const block = look.blockComments.find(([start]) => text.startsWith(start, at));
  if (block) {
    const end = text.indexOf(block[1], at + block[0].length);
    return end < 0 ? {} : { end: end + block[1].length };
  }
  const mark = look.lineComments.find((start) => text.startsWith(start, at));
  // "$#" and "a#b" hold no comment.
  if (mark === undefined || (mark === '#' && at > 0 && /\S/.test(text[at - 1] ?? ''))) {
    return undefined;
  }
  const end = text.indexOf('\n', at);
  return end < 0 ? {} : { end };
}

function close(state: State, mark: string, at: number): void {
  const opener = openerOf[mark] ?? mark;
  const own = lastIndexOf(state.opened, opener);
  if (own >= 0) {
    state.opened.length = own;
    return;
  }
  const outer = lastIndexOf(state.outer, opener);
  state.closed.push({ mark, at, opening: state.outer[outer] });
  if (outer >= 0) {
    state.opened = [];
    state.outer.length = outer;
  }
}

function lastIndexOf(openings: readonly Opening[], mark: string): number {
  return openings.map((opening) => opening.mark).lastIndexOf(mark);
}
