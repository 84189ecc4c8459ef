// A typing session over a repository's own files: stretches of code are taken out and typed
// again, with mistakes that are taken back, lines written elsewhere in the file, suggestions
// accepted up to the end of a line, and jumps to other places. The same files and seed give the
// same session, so that every system is asked the very same.

import {
  encloser,
  opensStatements,
  sourceLines,
  type SourceFile,
  type SourceLine,
} from './sourceFiles.js';
import { seededRandom } from './statistics.js';

/** Units of all offsets: UTF-16. */
export interface TypingEvent {
  path: string;
  /** `remove` takes out what is typed next, `finish` puts in at once what was not typed. */
  kind: 'remove' | 'type' | 'delete' | 'accept' | 'note' | 'finish';
  /** What it changes in the text before it. */
  change: { start: number; end: number; text: string };
  /** The document after it. */
  text: string;
  cursor: number;
  /** From here to the next event. */
  gapMs: number;
  /** A suggestion is asked for after it. */
  asks: boolean;
}

export interface TypingOptions {
  /** Events that ask. */
  requests: number;
  seed?: number;
}

/** Shares of what is done next while a stretch is typed; the rest is typing on. */
const shares = { delete: 0.08, note: 0.02, accept: 0.08 };
const sameFile = 0.4;
/** Most stretches are not typed to their end: people accept, or go elsewhere. */
const asksPerStretch = { min: 6, max: 18 };
const stretch = { minLines: 2, maxLines: 6, minCharacters: 40, maxCharacters: 400 };
/** A person's pace for one key, and how long they stop to think now and then. */
const keyMs = { min: 60, max: 180 };
const thinkMs = { min: 600, max: 1800 };
const thinks = 0.06;
const triesPerFile = 40;
const notes = [
  'checked again before it is used',
  'the caller has to wait for this',
  'kept for older versions',
  'see above',
  'must not throw',
];

/** Throws where no file has a stretch that could be typed. */
export function typingSession(
  files: readonly SourceFile[],
  { requests, seed = 1 }: TypingOptions,
): TypingEvent[] {
  const typist = new Typist(files, requests, seededRandom(seed));
  while (typist.missing > 0) {
    typist.typeStretch();
  }
  return typist.events;
}

class Typist {
  readonly events: TypingEvent[] = [];
  missing: number;
  private readonly texts: Map<string, string>;
  private path: string | undefined;
  /** Of the stretch that is being typed. */
  private cursor = 0;

  constructor(
    files: readonly SourceFile[],
    requests: number,
    private readonly random: () => number,
  ) {
    this.texts = new Map(files.map(({ path, text }) => [path, text]));
    this.missing = requests;
  }

  typeStretch(): void {
    const { path, start, wanted } = this.nextPlace();
    this.path = path;
    this.cursor = start;
    this.emit('remove', { start, end: start + wanted.length, text: '' }, false);
    const last = this.missing - this.between(asksPerStretch.min, asksPerStretch.max);
    let typed = 0;
    while (typed < wanted.length && this.missing > Math.max(0, last)) {
      typed += this.oneStep(wanted, typed);
    }
    if (typed < wanted.length && this.missing > 0) {
      this.insert('finish', wanted.slice(typed), false);
    }
  }

  /** How much further the stretch is typed after it. */
  private oneStep(wanted: string, typed: number): number {
    const onLine = typed - (wanted.lastIndexOf('\n', typed - 1) + 1);
    const restOfLine = /^[^\n]*/.exec(wanted.slice(typed))?.[0] ?? '';
    const dice = this.random();
    if (dice < shares.delete && onLine > 3) {
      const count = this.between(1, Math.min(6, onLine - 1));
      this.emit('delete', { start: this.cursor - count, end: this.cursor, text: '' }, true);
      return -count;
    }
    if (dice > 1 - shares.note && typed > 0) {
      this.writeNote();
      return 0;
    }
    if (dice > 1 - shares.note - shares.accept && restOfLine.length >= 8) {
      this.insert('accept', restOfLine, true);
      return restOfLine.length;
    }
    // An editor indents the new line itself.
    const keys =
      /^\n[ \t]*/.exec(wanted.slice(typed))?.[0] ?? restOfLine.slice(0, this.between(1, 4));
    this.insert('type', keys, true);
    return keys.length;
  }

  /** A comment some lines above or below; then the stretch goes on. */
  private writeNote(): void {
    const lines = sourceLines(this.text);
    const here = lines.findIndex((line) => line.start + line.text.length >= this.cursor);
    const away = this.between(4, 25) * (this.random() < 0.5 ? -1 : 1);
    const line = lines[here + away];
    if (line === undefined || line.isBlank || line.isComment || /^\s*[.})\]]/.test(line.text)) {
      return;
    }
    const back = this.cursor;
    const indent = line.text.slice(0, line.indent);
    const note = `// ${this.pick(notes)}`;
    this.cursor = line.start;
    this.insert('note', `${indent}\n`, false, -1);
    for (let typed = 0; typed < note.length && this.missing > 0; ) {
      const keys = note.slice(typed, typed + this.between(4, 9));
      this.insert('note', keys, true);
      typed += keys.length;
    }
    const added = this.cursor + 1 - line.start;
    this.cursor = line.start <= back ? back + added : back;
  }

  private nextPlace(): { path: string; start: number; wanted: string } {
    const paths = [...this.texts.keys()];
    const stays = this.path !== undefined && this.random() < sameFile;
    for (let attempt = 0; attempt < triesPerFile; attempt++) {
      const path = attempt === 0 && stays ? (this.path ?? '') : this.pick(paths);
      const place = this.placeIn(this.texts.get(path) ?? '');
      if (place !== undefined) {
        return { path, ...place };
      }
    }
    throw new Error('The files have no code that could be typed again.');
  }

  private placeIn(text: string): { start: number; wanted: string } | undefined {
    const lines = sourceLines(text);
    for (let attempt = 0; attempt < triesPerFile; attempt++) {
      const first = Math.floor(this.random() * lines.length);
      const count = this.between(stretch.minLines, stretch.maxLines);
      const place = stretchAt(text, lines, first, count);
      if (place !== undefined) {
        return place;
      }
    }
    return undefined;
  }

  /** At the cursor, which moves behind it, or `by` further. */
  private insert(kind: TypingEvent['kind'], text: string, asks: boolean, by = 0): void {
    this.emit(kind, { start: this.cursor, end: this.cursor, text }, asks, by);
  }

  private emit(
    kind: TypingEvent['kind'],
    change: TypingEvent['change'],
    asks: boolean,
    by = 0,
  ): void {
    const path = this.path ?? '';
    const text = this.text.slice(0, change.start) + change.text + this.text.slice(change.end);
    this.texts.set(path, text);
    this.cursor = change.start + change.text.length + by;
    const isTyped = kind === 'type' || kind === 'note' || kind === 'delete';
    const keys = isTyped ? Math.max(change.text.length, change.end - change.start) : 1;
    const pause = this.random() < thinks ? this.between(thinkMs.min, thinkMs.max) : 0;
    const gapMs = Math.min(keys, 9) * this.between(keyMs.min, keyMs.max) + pause;
    this.events.push({ path, kind, change, text, cursor: this.cursor, gapMs, asks });
    this.missing -= asks ? 1 : 0;
  }

  private get text(): string {
    return this.texts.get(this.path ?? '') ?? '';
  }

  private between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) {
      throw new Error('There are no files to type in.');
    }
    return item;
  }
}

/** Whole statements within a function: from the first line's text to the last line's end. */
function stretchAt(
  text: string,
  lines: readonly SourceLine[],
  first: number,
  count: number,
): { start: number; wanted: string } | undefined {
  const taken = lines.slice(first, first + count);
  const [head] = taken;
  const last = taken.at(-1);
  if (head === undefined || last === undefined || taken.length < count || head.indent === 0) {
    return undefined;
  }
  const isBody = taken.every((line) => !line.isBlank && line.indent >= head.indent);
  const above = encloser(lines, first);
  const start = head.start + head.indent;
  const wanted = text.slice(start, last.start + last.text.length);
  const fits =
    wanted.length >= stretch.minCharacters &&
    wanted.length <= stretch.maxCharacters &&
    wanted.trimEnd() === wanted;
  return isBody && fits && !head.isComment && above !== undefined && opensStatements(above.text)
    ? { start, wanted }
    : undefined;
}
