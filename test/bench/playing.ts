// Plays a typing session to LeoAM's language server and to llama.cpp's server. Each request goes
// to one after the other, so that only one computes at a time and a machine that grows slower
// slows all alike. What LeoAM does in the pauses of the typing it does in just these: while the
// others are asked its process stands still.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cursorWindow } from '../../server/completion/cursorWindow.js';
import { importsWithin } from '../../server/completion/imports.js';
import type { CompletionRecord } from '../../server/protocol/completion.js';
import { isAnswered, leoamSample, peerSample, type PlayedRequest } from './completionReport.js';
import type { EditorWindow, TimedSuggestion } from './editorWindow.js';
import type { Completion, LlamaServer } from './llamaServer.js';
import type { TypingEvent } from './typing.js';

/** Two processes: what the one has cached must not serve the other. */
export interface Peers {
  withContext: LlamaServer;
  without: LlamaServer;
}

export interface Session {
  repo: string;
  root: string;
  events: readonly TypingEvent[];
  onRequest: (done: number) => void;
}

/** Why a bench that goes on would measure nothing. */
const fatal = new Set(['notReady', 'outsideFolder', 'unfitModel', 'failed']);

/** One event; then the pause that a person makes after it. */
export async function typeAt(
  window: EditorWindow,
  event: TypingEvent,
): Promise<TimedSuggestion | undefined> {
  const started = performance.now();
  const suggested = await window.play(event);
  const { reason, message } = suggested?.record ?? {};
  if (reason !== undefined && fatal.has(reason)) {
    throw new Error(`LeoAM gives no suggestions (${reason}): ${message ?? 'it does not say why'}`);
  }
  await sleep(Math.max(0, event.gapMs - (performance.now() - started)));
  return suggested;
}

export async function playSession(
  window: EditorWindow,
  peers: Peers,
  { repo, root, events, onRequest }: Session,
): Promise<PlayedRequest[]> {
  const client = new PeerClient(peers, root, (file) => window.textOf(file));
  const played: PlayedRequest[] = [];
  for (const event of events) {
    const suggested = await typeAt(window, event);
    if (suggested === undefined) {
      continue;
    }
    const { record, totalMs } = suggested;
    window.freeze();
    const asked = isAnswered(record) ? await client.ask(event, record) : undefined;
    window.thaw();
    const { outcome, reason } = record;
    played.push({
      ...{ repo, kind: event.kind, outcome, leoam: leoamSample(record, totalMs) },
      ...(reason === undefined ? {} : { reason }),
      ...(asked === undefined ? {} : { peers: asked }),
    });
    onRequest(played.length);
  }
  return played;
}

/**
 * Asks llama.cpp's server what LeoAM was asked: a window of the same limits, the same passages and
 * imports above the window where it sees others' passages, the same length.
 */
class PeerClient {
  private start: { path: string; at: number } | undefined;
  /** What a suggestion saw that was kept from before: the passages of the request before. */
  private sources: CompletionRecord['sources'] = [];
  private readonly files = new Map<string, Promise<string[]>>();
  private asked = 0;

  constructor(
    private readonly peers: Peers,
    private readonly root: string,
    /** Of a document that is open. */
    private readonly openText: (path: string) => string | undefined,
  ) {}

  async ask(
    { path: file, text, cursor }: TypingEvent,
    record: CompletionRecord,
  ): Promise<NonNullable<PlayedRequest['peers']>> {
    const previous = this.start?.path === file ? this.start.at : undefined;
    const { prefix, suffix, start } = cursorWindow(text, cursor, previous);
    this.start = { path: file, at: start };
    if (record.outcome !== 'kept' || record.sources.length > 0) {
      this.sources = record.sources;
    }
    const extra = await Promise.all(this.sources.map((source) => this.passage(source)));
    const request = {
      ...{ prefix, suffix, maxTokens: await this.lengthOf(record) },
      stop: record.text.includes('\n') ? [] : ['\n'],
    };
    const known = importsWithin(text, 0, start) + prefix;
    // The best passage stands nearest to the file.
    const withContext = (): Promise<Completion> =>
      this.peers.withContext.infill({ ...request, prefix: known, extra: [...extra].reverse() });
    const without = (): Promise<Completion> => this.peers.without.infill({ ...request, extra: [] });
    if (this.asked++ % 2 === 0) {
      const first = peerSample(await withContext());
      return { withContext: first, without: peerSample(await without()) };
    }
    const first = peerSample(await without());
    return { without: first, withContext: peerSample(await withContext()) };
  }

  /** As many tokens as the suggestion has; where there is none, as LeoAM decoded for that. */
  private async lengthOf({ text, counters }: CompletionRecord): Promise<number> {
    const tokens =
      text === '' ? counters.tokensDecoded : await this.peers.without.countTokens(text);
    return Math.max(1, tokens);
  }

  private async passage({
    path: file,
    startLine,
    endLine,
    isUnsaved,
  }: CompletionRecord['sources'][number]): Promise<{ filename: string; text: string }> {
    const all = isUnsaved === true ? this.openText(file)?.split('\n') : await this.onDisk(file);
    const lines = (all ?? []).slice(startLine - 1, endLine);
    return { filename: file, text: `${lines.join('\n')}\n` };
  }

  private onDisk(file: string): Promise<string[]> {
    const known =
      this.files.get(file) ??
      readFile(path.join(this.root, ...file.split('/')), 'utf8').then((text) => text.split('\n'));
    this.files.set(file, known);
    return known;
  }
}
