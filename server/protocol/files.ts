// The files of a workspace folder, as far as they are read.

import { z } from 'zod';
import { request } from './method.js';

export const foundFile = z.object({
  kind: z.enum(['file', 'folder']),
  /** Relative to the workspace folder, with forward slashes; a folder's ends with one. */
  path: z.string(),
  tokens: z.int(),
});
export type FoundFile = z.infer<typeof foundFile>;

export const filesFind = request(
  'leoam/files/find',
  z.object({
    folder: z.string(),
    /** Letters of the path, in this order; empty: the files that rank first. */
    query: z.string().max(300),
    limit: z.int().min(1).max(1000),
  }),
  z.array(foundFile),
  'Files and folders whose path has these letters, the best match first.',
);
