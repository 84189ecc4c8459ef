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

/** Code as it stands in the editor, saved or not. Lines are 1-based and inclusive. */
export const quote = z.object({
  path: z.string(),
  startLine: z.int().min(1),
  endLine: z.int().min(1),
  text: z.string().max(400_000),
});

/** What stands beside a question. */
export const contextItem = z.discriminatedUnion('type', [
  quote.extend({ type: z.literal('selection') }),
  /** Their passages come first; `path` is relative to the folder. */
  z.object({ type: z.literal('file'), path: z.string() }),
  z.object({ type: z.literal('folder'), path: z.string() }),
]);
export type ContextItem = z.infer<typeof contextItem>;

const maxTokens = z.int().min(1).max(32768).optional();

/** What is asked, and after what. */
const asked = {
  chat: names.chat,
  /** URI of the workspace folder that is asked about. */
  folder: z.string(),
  question: z.string().min(1),
  context: z.array(contextItem).max(100).optional(),
  /**
   * The turns that this one follows, oldest first; absent: all that the server has answered
   * in this chat. What the server does not hold of them it is told anew.
   */
  earlier: z
    .array(z.object({ turn: names.turn, question: z.string(), answer: z.string() }))
    .optional(),
  maxTokens,
};

export const chatAsk = request(
  'leoam/chat/ask',
  z.object({
    ...asked,
    turn: names.turn,
    /** Words that the answer goes on from: what had been written when it was stopped. */
    answerStart: z.string().optional(),
  }),
  chatAnswer,
  'Answers a question about a workspace folder. The answer streams through leoam/chat/didStream; the result repeats it whole. $/cancelRequest stops the decode loop, and the result then holds what was written. With `earlier` a turn can be asked again, or a chat be taken up by a new server; with `answerStart` a stopped answer goes on, and stream and result hold the new words only.',
);

export const chatPrepare = request(
  'leoam/chat/prepare',
  z.object(asked),
  z.object({ tokensComputed: z.int(), tokensReused: z.int() }).nullable(),
  'Does what a question that is still being written needs as far as it is known: its passages are chosen, loaded and repaired, its words computed, at the lowest urgency but reading. Asked in the same chat, a question that begins alike finds that there. Null where that is not possible now (no model, folder not open, an answer in progress) or when a later question has ended it.',
);

export const chatCountTokens = request(
  'leoam/chat/countTokens',
  z.object({ text: z.string().max(400_000) }),
  z.object({ tokens: z.int() }),
  'How many tokens of the model a text has.',
);

export const chatClose = request(
  'leoam/chat/close',
  z.object({ chat: names.chat }),
  z.null(),
  'Forgets a chat and frees its memory.',
);

/** Of a rewrite where nobody says otherwise: new lines may be longer than an answer is meant to be. */
export const rewriteTokens = 1024;

export const chatRewrite = request(
  'leoam/chat/rewrite',
  z.object({ folder: z.string(), instruction: z.string().min(1), code: quote, maxTokens }),
  z.object({ code: z.string() }),
  'Rewrites the quoted lines as the instruction says. Nothing is written to any file.',
);

export const chatCommitMessage = request(
  'leoam/chat/commitMessage',
  z.object({ folder: z.string(), diff: z.string().min(1) }),
  z.object({ message: z.string() }),
  'Words a commit message for a diff; of a long diff only the start is read.',
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
