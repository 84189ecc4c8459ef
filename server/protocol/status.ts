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

export const status = z.object({
  state: serverState,
  health: z.enum(['ok', 'warning', 'error']),
  /** One sentence: what is so, and where it is not well what to do. */
  message: z.string(),
  /** 0..1 of a download, of loading or of reading the folders. */
  progress: z.number().min(0).max(1).optional(),
  secondsLeft: z.number().optional(),
  actions: z.array(statusAction),
  model: z.string().optional(),
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
