// Reading workspace folders into the store.

import { z } from 'zod';
import { request } from './method.js';

export const indexPause = request(
  'leoam/index/pause',
  z.object({}),
  z.null(),
  'Stops reading folders until leoam/index/resume or leoam/index/refresh. What was read is kept; questions are answered.',
);

export const indexResume = request(
  'leoam/index/resume',
  z.object({}),
  z.null(),
  'Goes on reading folders.',
);

export const indexRefresh = request(
  'leoam/index/refresh',
  z.object({ folder: z.string() }),
  z.null(),
  'Looks for changed files now, and reads what the store lacks; a pause is over then.',
);

export const indexSkipped = request(
  'leoam/index/skipped',
  z.object({ folder: z.string() }),
  z.array(z.object({ path: z.string(), reason: z.string() })),
  'Files and folders that are left out, each with its reason.',
);
