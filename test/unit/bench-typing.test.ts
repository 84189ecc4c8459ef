// The typing session that the completion bench plays.

import assert from 'node:assert/strict';
import type { SourceFile } from '../bench/sourceFiles.js';
import { typingSession, type TypingEvent } from '../bench/typing.js';

const files = ['basket', 'prices', 'orders'].map(shopFile);

describe('a typing session', () => {
  const events = typingSession(files, { requests: 120 });
  const asking = events.filter(({ asks }) => asks);

  it('asks exactly as often as it is to', () => {
    assert.equal(asking.length, 120);
    assert.equal(typingSession(files, { requests: 7 }).filter(({ asks }) => asks).length, 7);
  });

  it('is the same for the same files and seed, and another for another seed', () => {
    assert.deepEqual(typingSession(files, { requests: 120 }), events);
    assert.notDeepEqual(typingSession(files, { requests: 120, seed: 2 }), events);
  });

  it('says of each event what it changes in the document before it', () => {
    const texts = new Map(files.map(({ path, text }) => [path, text]));
    for (const { path, change, text } of events) {
      const before = texts.get(path) ?? '';
      const after = before.slice(0, change.start) + change.text + before.slice(change.end);
      assert.equal(text, after);
      texts.set(path, after);
    }
  });

  it('asks with the cursor behind what was typed', () => {
    for (const { change, cursor } of asking) {
      assert.equal(cursor, change.start + change.text.length);
    }
  });

  it('asks after one to four keys, a new line with its indentation, or an accepted suggestion', () => {
    for (const { change } of asking.filter(({ kind }) => kind === 'type')) {
      assert.match(change.text, /^(.{1,4}|\n[ \t]*)$/);
    }
  });

  it('types, takes back, writes elsewhere and accepts, in several files', () => {
    const kinds = new Set(asking.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ['accept', 'delete', 'note', 'type']);
    assert.equal(new Set(asking.map(({ path }) => path)).size, files.length);
  });

  it('leaves the files as they were, but for the lines that it wrote elsewhere', () => {
    const last = new Map(events.map(({ path, text }) => [path, text]));
    const unfinished = events.at(-1)?.path;
    for (const { path, text } of files.filter((file) => file.path !== unfinished)) {
      const lines = last.get(path)?.split('\n') ?? [];
      const own = lines.filter((line) => text.split('\n').includes(line));
      assert.equal(own.join('\n'), text);
    }
  });

  it('lets a person pause after each event', () => {
    assert.ok(events.every(({ gapMs }: TypingEvent) => gapMs >= 60 && gapMs < 4000));
  });

  it('needs code that can be typed again', () => {
    const empty = [{ path: 'a.ts', text: 'export const one = 1;\n' }];
    assert.throws(() => typingSession(empty, { requests: 1 }), /no code/);
  });
});

function shopFile(name: string): SourceFile {
  const functions = Array.from({ length: 12 }, (_, i) =>
    [
      `export function ${name}${String(i)}(items: number[]): number {`,
      `  const count${String(i)} = items.length + ${String(i)};`,
      `  if (count${String(i)} > ${String(10 * i)}) {`,
      `    return items.reduce((sum, item) => sum + item, count${String(i)});`,
      '  }',
      `  return count${String(i)} - items.indexOf(${String(i)});`,
      '}',
      '',
    ].join('\n'),
  );
  return { path: `src/${name}.ts`, text: functions.join('\n') };
}
