// The models that can be had, and getting them.

import { z } from 'zod';
import { request } from './method.js';

export const modelInfo = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['present', 'partial', 'missing']),
  /** Size of the whole file; absent where it is not known. */
  bytes: z.number().optional(),
  bytesOnDisk: z.number(),
  licence: z.string(),
  /** Free memory that it wants. */
  memoryBytes: z.number(),
  /** As much memory is free. */
  fits: z.boolean(),
  /** What this machine would be given if nobody chose. */
  isRecommended: z.boolean(),
});
export type ModelInfo = z.infer<typeof modelInfo>;

const id = z.string().min(1);

export const modelsList = request(
  'leoam/models/list',
  z.object({}),
  z.array(modelInfo),
  'The catalogue, and what of it is on this machine.',
);

export const modelsFetch = request(
  'leoam/models/fetch',
  z.object({
    /** Absent: the model that the server is waiting for. */
    id: id.optional(),
  }),
  z.object({ id: z.string() }),
  'Fetches a model, goes on where an earlier try ended, and checks its sha256. Progress is told by the status and as work-done progress; $/cancelRequest keeps what has come.',
);

export const modelsRemove = request(
  'leoam/models/remove',
  z.object({ id }),
  z.object({ bytesFreed: z.number() }),
  'Deletes a model file and what was begun of it. The model in use cannot be removed.',
);
