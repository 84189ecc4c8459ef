// A chat as it is kept on disk, and what of it the view is shown.

import { z } from 'zod';
import type { ChatAnswer } from '../../server/protocol/chat.js';
import {
  chip,
  sourceView,
  turnDetails,
  type Action,
  type ChatView,
  type Chip,
  type TurnDetails,
  type TurnView,
} from '../shared/messages.js';

const storedSource = sourceView.omit({ isOutdated: true }).extend({
  /** Hash of the cited lines as they were on disk when they were chosen. */
  linesHash: z.string(),
});
export type StoredSource = z.infer<typeof storedSource>;

const storedChip = chip.extend({
  /** The text of a selection, as it was. */
  text: z.string().optional(),
  /** URI of the workspace folder that the path is relative to; absent: the chat's. */
  folder: z.string().optional(),
});
export type StoredChip = z.infer<typeof storedChip>;

const storedTurn = z.object({
  id: z.string(),
  question: z.string(),
  chips: z.array(storedChip),
  state: z.enum(['waiting', 'streaming', 'done', 'stopped', 'failed']),
  answer: z.string(),
  sources: z.array(storedSource),
  warnings: z.array(z.string()),
  problem: z.string().optional(),
  /** It ended at the limit of its length, or was stopped. */
  canContinue: z.boolean(),
  details: turnDetails.optional(),
  /** The turn, before it in the chat, that it was to replace with other words; nothing came of that yet. */
  insteadOf: z.string().optional(),
});
export type StoredTurn = z.infer<typeof storedTurn>;

export const storedChat = z.object({
  version: z.literal(1),
  id: z.string(),
  title: z.string(),
  /** Milliseconds since 1970. */
  updated: z.number(),
  /** URI of the workspace folder that it is about. */
  folder: z.string(),
  turns: z.array(storedTurn),
});
export type StoredChat = z.infer<typeof storedChat>;

const titleLength = 80;

export function newChat(folder: string): StoredChat {
  return {
    version: 1,
    id: crypto.randomUUID(),
    title: '',
    updated: Date.now(),
    folder,
    turns: [],
  };
}

export function newTurn(question: string, chips: StoredChip[]): StoredTurn {
  return {
    id: crypto.randomUUID(),
    question,
    chips,
    state: 'waiting',
    answer: '',
    sources: [],
    warnings: [],
    canContinue: false,
  };
}

/** The first question, on one line. */
export function titleOf(question: string): string {
  const line = question.replaceAll(/\s+/gu, ' ').trim();
  return line.length > titleLength ? `${line.slice(0, titleLength - 1)}…` : line;
}

/**
 * What was interrupted by a restart is shown as such: nothing writes it any more.
 * `message` says so to the user.
 */
export function interrupted(chat: StoredChat, message: string): StoredChat {
  return {
    ...chat,
    turns: chat.turns.map((turn) =>
      turn.state === 'waiting' || turn.state === 'streaming'
        ? { ...turn, state: 'failed', problem: message, canContinue: turn.answer !== '' }
        : turn,
    ),
  };
}

/** True when the question or an answer of the chat has the words. */
export function mentions(chat: StoredChat, query: string): boolean {
  const wanted = query.toLowerCase().trim();
  const texts = [chat.title, ...chat.turns.flatMap(({ question, answer }) => [question, answer])];
  return wanted === '' || texts.some((text) => text.toLowerCase().includes(wanted));
}

/** What of an answer's figures is shown. */
export function detailsOf({ model, counters, timings }: ChatAnswer): TurnDetails {
  return {
    model,
    ttftMs: timings.ttftMs,
    totalMs: timings.totalMs,
    decodeTokensPerSecond: timings.decodeTokensPerSecond,
    tokensComputed: counters.tokensComputed,
    tokensRepaired: counters.tokensRepaired,
    tokensReused: counters.tokensReused,
    questionTokens: counters.questionTokens,
    repoTokens: counters.repoTokens,
    repoTokensComputed: counters.repoTokensComputed,
    workingSetTokens: counters.workingSetTokens,
    bytesFromDisk: counters.bytesFromDisk,
  };
}

export interface ViewOptions {
  isOutdated: (source: StoredSource) => boolean;
  /** Buttons under what failed. */
  actions: Action[];
}

export function viewOfChat(chat: StoredChat, options: ViewOptions): ChatView {
  const turns = chat.turns.map((turn) => viewOfTurn(turn, options));
  return { id: chat.id, title: chat.title, turns };
}

export function viewOfTurn(turn: StoredTurn, { isOutdated, actions }: ViewOptions): TurnView {
  const { problem, sources, chips, details, ...rest } = turn;
  return {
    ...rest,
    chips: chips.map(viewOfChip),
    sources: sources.map(({ linesHash: _hash, ...source }, i) => ({
      ...source,
      isOutdated: isOutdated(sources[i] ?? { ...source, linesHash: '' }),
    })),
    ...(details === undefined ? {} : { details }),
    ...(problem === undefined ? {} : { problem: { message: problem, actions } }),
  };
}

export function viewOfChip({ text: _text, folder: _folder, ...shown }: StoredChip): Chip {
  return shown;
}
