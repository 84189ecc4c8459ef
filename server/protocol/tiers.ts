// Where the KV of what was read lies, and what can be done about it.

import { z } from 'zod';
import { request } from './method.js';

const bytes = z.number().min(0);

export const fileInTiers = z.object({
  /** Relative to the folder, with forward slashes. */
  path: z.string(),
  tokens: z.int(),
  /** Of these, what is stored. */
  tokensStored: z.int(),
  bytes,
  /** Of these, what is read from RAM; the rest is read from disk. */
  bytesInRam: bytes,
  /** All of what is stored is on disk, too: it outlives the server. */
  isOnDisk: z.boolean(),
  precision: z.enum(['f16', 'q8', 'q4']).optional(),
  /** Milliseconds since 1970, to about a minute. */
  lastUse: z.number().optional(),
  /** Chunks that were read under an older text, until idle time. */
  staleChunks: z.int(),
  pinned: z.boolean(),
});
export type FileInTiers = z.infer<typeof fileInTiers>;

/** One answer, for figures over time. */
export const answerInTiers = z.object({
  /** Milliseconds since 1970. */
  time: z.number(),
  ttftMs: z.number(),
  /** Of the repository's text, through the model for this answer. */
  repoTokensComputed: z.int(),
  /** Tokens whose KV came from the store or from the chat before it. */
  tokensReused: z.int(),
  tokensComputed: z.int(),
  bytesFromDisk: bytes,
});
export type AnswerInTiers = z.infer<typeof answerInTiers>;

export const tiersView = z.object({
  /** KV of evidence that RAM has no room for. Absent: no GPU is used, or it had no room. */
  gpu: z
    .object({
      bytes,
      /** What is taken of its memory for that. */
      budgetBytes: bytes,
      /** Each is one layer of a chunk. */
      blocks: z.int(),
      /** Moved there from RAM, and back, for what chats hold now. */
      bytesIn: bytes,
      bytesOut: bytes,
      /** Of the blocks that RAM did not hold, those that came from here; absent before the first. */
      hitRate: z.number().min(0).max(1).optional(),
      /** It failed: the disk serves what it held. */
      isLost: z.boolean(),
    })
    .optional(),
  ram: z.object({
    /** KV of open chats and of suggestions. */
    sessionBytes: bytes,
    sessionTokens: z.int(),
    /**
     * Of sessionBytes, evidence that lies on disk as well, and what it may take; absent where chats
     * rest on passages.
     */
    evidence: z
      .object({
        bytes,
        budgetBytes: bytes,
        /** Each is one layer of a chunk. */
        blocks: z.int(),
        /**
         * Of the blocks that answers wanted, those that were in RAM, so that nothing was read for them,
         * not ahead either; absent before the first.
         */
        hitRate: z.number().min(0).max(1).optional(),
      })
      .optional(),
    /** Segments that were moved here, or that the disk refused, and what they may take. */
    segmentBytes: bytes,
    segmentBudgetBytes: bytes,
    segments: z.int(),
    /** Of segmentBytes, what the disk refused. */
    refusedBytes: bytes,
  }),
  disk: z.object({
    bytes,
    /** Of these, what is kept whatever the budget, of all folders and models. */
    pinnedBytes: bytes,
    /** 0: no limit. */
    budgetBytes: bytes,
    segments: z.int(),
    chunks: z.int(),
    tokens: z.int(),
    /** Since the server's start, as what follows. */
    bytesRead: bytes,
    bytesWritten: bytes,
    evicted: z.int(),
    damaged: z.int(),
  }),
  /** The latest answers, the oldest first. */
  answers: z.array(answerInTiers),
  folders: z.array(z.object({ uri: z.string(), files: z.array(fileInTiers) })),
});
export type TiersView = z.infer<typeof tiersView>;

/** Files or folders below a workspace folder; a folder's path ends with a slash, "/" is all of it. */
const place = { folder: z.string(), paths: z.array(z.string().min(1)).min(1).max(10_000) };

export const tiersShow = request(
  'leoam/tiers/show',
  z.object({}),
  tiersView,
  'What each tier holds, and where each file of the open folders is.',
);

export const tiersPin = request(
  'leoam/tiers/pin',
  z.object({ ...place, pinned: z.boolean() }),
  z.null(),
  'Keeps stored KV of files whatever the budget of the store, or no longer. It holds for files that are made below a pinned folder, and across restarts.',
);

export const tiersMove = request(
  'leoam/tiers/move',
  z.object({ ...place, tier: z.enum(['ram', 'disk']) }),
  z.null(),
  'Where stored KV of files is read from. To RAM: until it is moved back, goes, or the server ends; it stays on disk as well. Fails where RAM has no room for all of it, and moves nothing. To disk: what the disk refused before, or has no more, is written there.',
);

export const tiersDrop = request(
  'leoam/tiers/drop',
  z.object(place),
  z.object({ bytesFreed: bytes }),
  'Removes stored KV of files. They are read again when a question needs them, by leoam/tiers/rebuild or leoam/index/refresh, or after the next start.',
);

export const tiersRebuild = request(
  'leoam/tiers/rebuild',
  z.object(place),
  z.object({ tokensToRead: z.int() }),
  'Removes stored KV of files and reads them again in the background.',
);

export const tiersVerify = request(
  'leoam/tiers/verify',
  z.object({}),
  z.object({ ok: z.int(), damaged: z.int() }),
  'Reads all of the store and removes what is damaged, which is read again then.',
);

export const tiersSetBudget = request(
  'leoam/tiers/setBudget',
  z.object({ budgetBytes: bytes }),
  z.object({ bytesFreed: bytes }),
  'What the store may take on disk; 0: no limit. What exceeds it goes at once, the least recently used first.',
);

export const tiersClear = request(
  'leoam/tiers/clear',
  z.object({}),
  z.object({ bytesFreed: bytes }),
  'Removes everything from the store, pins included. Reading starts only when it is asked for.',
);
