// Settings that the client passes when it starts the server (`initializationOptions`).

import { z } from 'zod';

export const serverOptions = z.object({
  /** Folder of models and store; absent: the platform's data folder. */
  home: z.string().optional(),
  /** Catalogue id or path of a GGUF; absent: chosen by free memory. */
  model: z.string().optional(),
  threads: z.int().min(1).max(512).optional(),
  /** 0: no limit. */
  storeBudgetGib: z.number().min(0).optional(),
  /** Memory for stored KV of files that are moved there, and for what the disk refuses. Default 1024. */
  storeRamMib: z.number().min(1).optional(),
  /** What a chat's answers rest on: passages that are chosen, or all that the window has room for. */
  chatEvidence: z.enum(['passages', 'wholeRepository']).optional(),
  /** Memory for a whole repository's KV; the rest stays on disk. Default 256. */
  evidenceMemoryMib: z.number().min(1).optional(),
  /** True: the system keeps nothing of what is read of it beside that memory, where it can do without. */
  passPageCache: z.boolean().optional(),
  /** Memory of a GPU for what that has no room for; absent: none. */
  deviceMemoryMib: z.number().min(1).optional(),
  /** As ggml names it; absent: the first GPU. */
  device: z.string().optional(),
  /** False: folders are read only as far as questions need them. */
  readInBackground: z.boolean().optional(),
  /** Folders with more tokens to read than this wait for leoam/index/resume; absent: none. */
  askAboveTokens: z.int().min(0).optional(),
  /** False: a missing model waits for leoam/models/fetch. */
  fetchModel: z.boolean().optional(),
});
export type ServerOptions = z.infer<typeof serverOptions>;
