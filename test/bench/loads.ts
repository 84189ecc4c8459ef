// How long a suggestion takes while its server does other things: nothing, reading a large
// folder in the background, streaming an answer. Each load has a server of its own, to which the
// very same session is played; they take turns every few requests, while the others stand still,
// so that a machine that grows slower slows all alike.

import { rm } from 'node:fs/promises';
import { isAnswered, spread, type Spread } from './completionReport.js';
import { EditorWindow } from './editorWindow.js';
import { typeAt } from './playing.js';
import { readIntoStore, type BenchSession } from './reading.js';
import { typedFiles } from './sourceFiles.js';
import { percentile } from './statistics.js';
import { benchHome, note } from './support.js';
import { typingSession, type TypingEvent } from './typing.js';

const loads = ['idle', 'indexing', 'chatting'] as const;
export type Load = (typeof loads)[number];

export interface LoadReport extends Spread {
  n: number;
  /** Without those that were answered from what an earlier request had written. */
  computedP95: number | null;
  /** Of these, until the engine began: what other work, or the request before, took to give way. */
  queuedMs: (Spread & { max: number }) | null;
}

export interface LoadsReport {
  p95Ms: Record<Load, number>;
  totalMs: Record<Load, LoadReport>;
  /** That there was a load: what was read, and pieces of answers that came, while suggestions were asked for. */
  tokensReadMeanwhile: number;
  piecesStreamedMeanwhile: number;
}

export interface LoadOptions {
  session: Omit<BenchSession, 'home'>;
  /** The folder that is typed in, and the one that is read meanwhile. */
  root: string;
  largeRoot: string;
  /** Under each load. */
  requests: number;
}

/** After at most so many requests the next load has its turn. */
const longestTurn = 10;
const question = 'Explain every file of this repository in detail, one after the other.';
const seed = 2;

interface Timed {
  totalMs: number;
  queuedMs: number;
  isKept: boolean;
}

export async function measureLoads(options: LoadOptions): Promise<LoadsReport> {
  // A store that does not hold the large folder yet.
  const home = await benchHome('completion-load');
  await rm(home, { recursive: true, force: true });
  const session = { ...options.session, home: await benchHome('completion-load') };
  await readIntoStore(session, options.root, 'the folder that is typed in');
  const files = await typedFiles(options.root);
  const rounds = Math.ceil(options.requests / longestTurn);
  const turn = Math.ceil(options.requests / rounds);
  const events = typingSession(files, { requests: rounds * turn, seed });
  const windows: Partial<Record<Load, EditorWindow>> = {};
  try {
    for (const load of loads) {
      const window = await EditorWindow.open(session, options.root);
      windows[load] = window;
      await window.untilRead();
      if (load === 'indexing') {
        await window.addFolder(options.largeRoot);
        await window.read(false);
      }
      window.freeze();
    }
    return await playLoads(windows as Record<Load, EditorWindow>, turnsOf(events, turn));
  } finally {
    for (const window of Object.values(windows)) {
      await window.close();
    }
    await rm(home, { recursive: true, force: true });
  }
}

async function playLoads(
  windows: Record<Load, EditorWindow>,
  turns: readonly (readonly TypingEvent[])[],
): Promise<LoadsReport> {
  const timed: Record<Load, Timed[]> = { idle: [], indexing: [], chatting: [] };
  let tokensReadMeanwhile = 0;
  let piecesStreamedMeanwhile = 0;
  for (const [index, events] of turns.entries()) {
    // In each round another load comes first.
    for (const load of loads.map((_, at) => loads[(index + at) % loads.length]!)) {
      note(`Under load, turn ${String(index + 1)} of ${String(turns.length)}: ${load}`);
      const window = windows[load];
      window.thaw();
      const readBefore = await window.tokensRead();
      if (load === 'indexing') {
        await window.read(true);
      }
      const stopChat = load === 'chatting' ? await window.chat(question) : undefined;
      const { pieces } = window;
      timed[load].push(...(await playTurn(window, events)));
      piecesStreamedMeanwhile += window.pieces - pieces;
      await stopChat?.();
      if (load === 'indexing') {
        await window.read(false);
      }
      tokensReadMeanwhile += (await window.tokensRead()) - readBefore;
      window.freeze();
    }
  }
  return { ...loadsReport(timed), tokensReadMeanwhile, piecesStreamedMeanwhile };
}

async function playTurn(window: EditorWindow, events: readonly TypingEvent[]): Promise<Timed[]> {
  const timed: Timed[] = [];
  for (const event of events) {
    const suggested = await typeAt(window, event);
    if (suggested !== undefined && isAnswered(suggested.record)) {
      const { record, totalMs } = suggested;
      const { queuedMs } = record.timings;
      timed.push({ totalMs, queuedMs, isKept: record.outcome === 'kept' });
    }
  }
  return timed;
}

/** The session in pieces of so many requests. */
function turnsOf(events: readonly TypingEvent[], turn: number): TypingEvent[][] {
  const turns: TypingEvent[][] = [];
  let asked = 0;
  for (const event of events) {
    const at = Math.floor(asked / turn);
    (turns[at] ??= []).push(event);
    asked += event.asks ? 1 : 0;
  }
  return turns;
}

function loadsReport(
  timed: Record<Load, readonly Timed[]>,
): Pick<LoadsReport, 'p95Ms' | 'totalMs'> {
  const report = (load: Load): LoadReport => {
    const all = timed[load].map(({ totalMs }) => totalMs);
    const asked = timed[load].filter(({ isKept }) => !isKept);
    const computed = asked.map(({ totalMs }) => totalMs);
    const queued = asked.map(({ queuedMs }) => queuedMs);
    return {
      n: all.length,
      ...spread(all),
      computedP95: computed.length === 0 ? null : percentile(computed, 95),
      queuedMs: queued.length === 0 ? null : { ...spread(queued), max: Math.max(...queued) },
    };
  };
  const totalMs = {
    idle: report('idle'),
    indexing: report('indexing'),
    chatting: report('chatting'),
  };
  return {
    p95Ms: {
      idle: totalMs.idle.p95,
      indexing: totalMs.indexing.p95,
      chatting: totalMs.chatting.p95,
    },
    totalMs,
  };
}
