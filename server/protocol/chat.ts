// Questions and their answers.

import { z } from 'zod';
import { notification, request } from './method.js';

/** Lines that an answer rests on. Lines are 1-based and inclusive. */
export const source = z.object({
  /** Relative to the workspace folder, with forward slashes. */
  path: z.string(),
  startLine: z.int().min(0),
  endLine: z.int().min(0),
  /** 0..1; the sources of an answer add up to 1. */
  weight: z.number(),
});

/** What went through the model and what was taken from the store, in tokens. */
export const chatCounters = z.object({
  repoTokens: z.int(),
  tokensComputed: z.int(),
  repoTokensComputed: z.int(),
  tokensRepaired: z.int(),
  questionTokens: z.int(),
  tokensReused: z.int(),
  workingSetTokens: z.int(),
  bytesFromDisk: z.int(),
  tokensDecoded: z.int(),
});

export const chatTimings = z.object({
  selectMs: z.number(),
  /** From the question's arrival to the first token of the answer. */
  ttftMs: z.number(),
  loadKvMs: z.number(),
  repairMs: z.number(),
  prefillMs: z.number(),
  totalMs: z.number(),
  decodeTokensPerSecond: z.number(),
});

export const chatAnswer = z.object({
  answer: z.string(),
  /** Why it ended; after `cancelled` the answer is what had been written by then. */
  reason: z.enum(['end', 'stop', 'length', 'cancelled']),
  /** The weightiest first. */
  sources: z.array(source),
  counters: chatCounters,
  timings: chatTimings,
  model: z.string(),
});
export type ChatAnswer = z.infer<typeof chatAnswer>;

const names = {
  /** Chosen by the client; turns of one chat share what the model has computed. */
  chat: z.string().min(1).max(200),
  /** Chosen by the client, unique within the chat. */
  turn: z.string().min(1).max(200),
};

export const chatAsk = request(
  'leoam/chat/ask',
  z.object({
    ...names,
    /** URI of the workspace folder that is asked about. */
    folder: z.string(),
    question: z.string().min(1),
    maxTokens: z.int().min(1).max(32768).optional(),
  }),
  chatAnswer,
  'Answers a question about a workspace folder. The answer streams through leoam/chat/didStream; the result repeats it whole. $/cancelRequest stops the decode loop, and the result then holds what was written.',
);

export const chatClose = request(
  'leoam/chat/close',
  z.object({ chat: names.chat }),
  z.null(),
  'Forgets a chat and frees its memory.',
);

export const chatDidStream = notification(
  'leoam/chat/didStream',
  z.object({
    ...names,
    /** Counts from 0 within the turn. */
    sequence: z.int().min(0),
    event: z.discriminatedUnion('type', [
      z.object({ type: z.literal('sources'), sources: z.array(source) }),
      z.object({ type: z.literal('text'), text: z.string() }),
      z.object({ type: z.literal('warning'), message: z.string() }),
    ]),
  }),
  'A piece of an answer in progress: the passages as soon as they are chosen, then text.',
);
