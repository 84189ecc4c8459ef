// What the server is doing, and whether it is well.

import { z } from 'zod';
import { notification, request } from './method.js';

export const serverState = z.enum([
  'noFolder',
  'noModel',
  'downloading',
  'loading',
  'indexing',
  'ready',
  'answering',
  'paused',
  'error',
]);

/** What the user can do about it. */
export const statusAction = z.enum(['fetchModel', 'chooseModel', 'openFolder', 'resume', 'retry']);

/** What the message says, for clients that word it in the user's language. */
export const statusDetail = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['loadingModel', 'listing', 'answering', 'paused', 'ready']) }),
  z.object({
    kind: z.literal('noModel'),
    name: z.string(),
    licence: z.string(),
    bytes: z.number().optional(),
  }),
  z.object({
    kind: z.literal('downloading'),
    name: z.string(),
    doneBytes: z.number(),
    totalBytes: z.number(),
  }),
  z.object({ kind: z.literal('reading'), filesDone: z.int(), filesTotal: z.int() }),
  /** Reading a folder is large and waits for the user's word. */
  z.object({ kind: z.literal('cost'), tokens: z.int(), seconds: z.number(), bytes: z.number() }),
  /** The rest of a folder is not read before it is needed. */
  z.object({
    kind: z.literal('readingStopped'),
    cause: z.enum(['budget', 'failure']),
    sentence: z.string(),
  }),
]);
export type StatusDetail = z.infer<typeof statusDetail>;

export const status = z.object({
  state: serverState,
  health: z.enum(['ok', 'warning', 'error']),
  /** One sentence: what is so, and where it is not well what to do. */
  message: z.string(),
  /** Absent: the message alone says it. */
  detail: statusDetail.optional(),
  /** 0..1 of a download, of loading or of reading the folders. */
  progress: z.number().min(0).max(1).optional(),
  secondsLeft: z.number().optional(),
  actions: z.array(statusAction),
  model: z.string().optional(),
  /** Whether the model can suggest at a cursor; where not, another one has to be chosen. Absent: none is loaded. */
  canFillIn: z.boolean().optional(),
  folders: z.array(
    z.object({
      uri: z.string(),
      files: z.int(),
      tokens: z.int(),
      /** 0..1 of its tokens that the store holds. */
      read: z.number(),
    }),
  ),
});
export type Status = z.infer<typeof status>;

export const statusGet = request(
  'leoam/status/get',
  z.object({}),
  status,
  'What the server is doing now.',
);

export const statusDidChange = notification(
  'leoam/status/didChange',
  status,
  'Sent whenever what the server is doing has changed, at most ten times a second.',
);
