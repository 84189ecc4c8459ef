// What the chat view and the extension host say to each other. Both sides check what they
// receive: the view shows text that a model wrote, so nothing that comes from it is trusted.

import { z } from 'zod';
import { serverState } from '../../server/protocol/status.js';

/** Lines that an answer rests on. Lines are 1-based and inclusive. */
export const sourceView = z.object({
  path: z.string(),
  startLine: z.int(),
  endLine: z.int(),
  /** 0..1; the sources of an answer add up to 1. */
  weight: z.number(),
  /** The file has changed since the answer was written. */
  isOutdated: z.boolean(),
});
export type SourceView = z.infer<typeof sourceView>;

/** Something the user has put beside the question. */
export const chip = z.object({
  id: z.string(),
  kind: z.enum(['selection', 'file', 'folder']),
  path: z.string(),
  startLine: z.int().optional(),
  endLine: z.int().optional(),
  /** Absent while nobody has counted them. */
  tokens: z.int().optional(),
});
export type Chip = z.infer<typeof chip>;

/** A button under a message; the host knows what it does. */
export const action = z.object({
  id: z.enum([
    'retry',
    'restartServer',
    'showLog',
    'chooseModel',
    'fetchModel',
    'openFolder',
    'manageTrust',
    'resume',
  ]),
  label: z.string(),
});
export type Action = z.infer<typeof action>;

/** What an answer cost, for the fold-out under it. */
export const turnDetails = z.object({
  model: z.string(),
  ttftMs: z.number(),
  totalMs: z.number(),
  decodeTokensPerSecond: z.number(),
  tokensComputed: z.int(),
  tokensRepaired: z.int(),
  tokensReused: z.int(),
  questionTokens: z.int(),
  repoTokens: z.int(),
  repoTokensComputed: z.int(),
  workingSetTokens: z.int(),
  bytesFromDisk: z.int(),
});
export type TurnDetails = z.infer<typeof turnDetails>;

export const turnView = z.object({
  id: z.string(),
  question: z.string(),
  chips: z.array(chip),
  /** `waiting`: no word yet; `stopped`: by the user, with what had been written; `failed`: see `problem`. */
  state: z.enum(['waiting', 'streaming', 'done', 'stopped', 'failed']),
  /** Markdown that the model wrote. */
  answer: z.string(),
  /** The weightiest first; there as soon as the passages are chosen. */
  sources: z.array(sourceView),
  warnings: z.array(z.string()),
  problem: z.object({ message: z.string(), actions: z.array(action) }).optional(),
  details: turnDetails.optional(),
  /** The answer ended before its end and can go on. */
  canContinue: z.boolean(),
});
export type TurnView = z.infer<typeof turnView>;

export const chatView = z.object({
  id: z.string(),
  title: z.string(),
  /** Name of the folder that it is about, where the window has several. */
  folder: z.string().optional(),
  turns: z.array(turnView),
});
export type ChatView = z.infer<typeof chatView>;

/** One line of the history. */
export const chatSummary = z.object({
  id: z.string(),
  title: z.string(),
  /** Milliseconds since 1970. */
  updated: z.number(),
  turns: z.int(),
});
export type ChatSummary = z.infer<typeof chatSummary>;

export const statusView = z.object({
  /** The server's own, and `stopped` while there is none. */
  state: z.enum([...serverState.options, 'stopped']),
  health: z.enum(['ok', 'warning', 'error']),
  message: z.string(),
  progress: z.number().optional(),
  secondsLeft: z.number().optional(),
  actions: z.array(action),
});
export type StatusView = z.infer<typeof statusView>;

/** Host to view. */
export const toView = z.discriminatedUnion('type', [
  /** Answer to `ready`: the texts of the view in the user's language. */
  z.object({ type: z.literal('strings'), strings: z.record(z.string(), z.string()) }),
  /** The chat that is shown, whole. */
  z.object({ type: z.literal('chat'), chat: chatView }),
  /** One turn of the shown chat, whole; appended when its id is new. */
  z.object({ type: z.literal('turn'), chatId: z.string(), turn: turnView }),
  /** Text to append to a turn's answer; `offset` is the answer's length before it. */
  z.object({
    type: z.literal('text'),
    chatId: z.string(),
    turnId: z.string(),
    offset: z.int(),
    text: z.string(),
  }),
  z.object({ type: z.literal('status'), status: statusView }),
  /** Answer to `listChats`, newest first. */
  z.object({ type: z.literal('chats'), query: z.string(), chats: z.array(chatSummary) }),
  /** What stands beside the next question. */
  z.object({ type: z.literal('chips'), chips: z.array(chip) }),
  /** Answer to `suggest`. */
  z.object({
    type: z.literal('suggestions'),
    query: z.string(),
    items: z.array(
      z.object({ kind: z.enum(['file', 'folder']), path: z.string(), tokens: z.int() }),
    ),
  }),
  /** Puts the cursor into the question; with `text`, replaces what stands there. */
  z.object({ type: z.literal('focusQuestion'), text: z.string().optional() }),
  /** Opens the list of chats. */
  z.object({ type: z.literal('showChats') }),
]);
export type ToView = z.infer<typeof toView>;

const turnId = z.string();
/** It becomes part of a path. */
const storedChatId = z.uuid();
const code = z.string().max(1_000_000);

/** View to host. */
export const fromView = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('ask'), question: z.string().min(1).max(100_000) }),
  /** What stands in the question's box while the writing rests. */
  z.object({ type: z.literal('writing'), question: z.string().min(1).max(100_000) }),
  z.object({ type: z.literal('stop') }),
  /** Answers the turn's question again, in its place; later turns go. */
  z.object({ type: z.literal('regenerate'), turnId }),
  /** Asks another question in the turn's place; later turns go. */
  z.object({ type: z.literal('edit'), turnId, question: z.string().min(1).max(100_000) }),
  /** Goes on with an answer that was stopped or ran into its limit. */
  z.object({ type: z.literal('continue'), turnId }),
  z.object({ type: z.literal('newChat') }),
  z.object({ type: z.literal('listChats'), query: z.string() }),
  z.object({ type: z.literal('openChat'), chatId: storedChatId }),
  z.object({ type: z.literal('deleteChat'), chatId: storedChatId }),
  z.object({ type: z.literal('openSource'), turnId, index: z.int().min(0) }),
  z.object({ type: z.literal('copyCode'), code }),
  z.object({ type: z.literal('insertCode'), code }),
  z.object({ type: z.literal('newFile'), code, language: z.string().max(40) }),
  /** Shows a diff of the file that the code belongs to; nothing is written before it is accepted. */
  z.object({ type: z.literal('applyCode'), turnId, code }),
  z.object({ type: z.literal('suggest'), query: z.string().max(300) }),
  z.object({ type: z.literal('addContext'), kind: z.enum(['file', 'folder']), path: z.string() }),
  /** Puts the files of all editors beside the question. */
  z.object({ type: z.literal('addOpenEditors') }),
  z.object({ type: z.literal('removeChip'), id: z.string() }),
  z.object({ type: z.literal('action'), id: action.shape.id, turnId: turnId.optional() }),
]);
export type FromView = z.infer<typeof fromView>;
