// Inline completions. They themselves are `textDocument/inlineCompletion` of LSP; here is what
// LSP has no message for: what became of each request, and why.

import { z } from 'zod';
import { request } from './method.js';

/** Why a request ended without a suggestion. */
export const dropReason = z.enum([
  /** A newer request or another place made it needless. */
  'cancelled',
  /** The model is still being loaded, fetched or chosen; the status tells. */
  'notReady',
  /** The file lies in no open folder. */
  'outsideFolder',
  /** The model was not made to fill in. */
  'unfitModel',
  /** Its file would not be read either: ignored, generated or too large. */
  'excludedFile',
  /** The cursor stands within a word. */
  'insideWord',
  /** The model wrote nothing. */
  'empty',
  /** The model was not sure enough. */
  'unlikely',
  /** What it wrote stands there already. */
  'repeatsText',
  'failed',
]);
export type DropReason = z.infer<typeof dropReason>;

/** Sums, but for the working set: of that the largest. */
const completionCounters = z.object({
  tokensComputed: z.int(),
  tokensReused: z.int(),
  tokensMoved: z.int(),
  tokensDecoded: z.int(),
  /** Drafted tokens that decoding verified, and how many of them were right. */
  tokensDrafted: z.int(),
  tokensAccepted: z.int(),
  workingSetTokens: z.int(),
  bytesFromDisk: z.int(),
});
export type CompletionCounters = z.infer<typeof completionCounters>;

export const completionRecord = z.object({
  /** Counts from 1 since the server was started. */
  id: z.int(),
  /** Milliseconds since 1970. */
  time: z.number(),
  uri: z.string(),
  /** 1-based, of the cursor. */
  line: z.int(),
  /** `computed` by the model; `kept` from an earlier suggestion, ahead of need or typed through. */
  outcome: z.enum(['computed', 'kept', 'dropped']),
  reason: dropReason.optional(),
  /** What a `failed` request says. */
  message: z.string().optional(),
  /** What was suggested; of a dropped request what was written until then. */
  text: z.string(),
  /**
   * Passages of other files that the model saw, best first. Lines are 1-based and inclusive, of the file
   * on disk or, where `isUnsaved`, of the document.
   */
  sources: z.array(
    z.object({
      path: z.string(),
      startLine: z.int(),
      endLine: z.int(),
      isUnsaved: z.literal(true).optional(),
    }),
  ),
  /** Mean natural log probability of what was written; absent where nothing was. */
  meanLogProbability: z.number().optional(),
  /** Of all that ran for this request, alternatives included; of what was given up until it was. */
  counters: completionCounters,
  /**
   * What ran ahead of need in the same folder since the request before, for whichever document: where the
   * cursor had come to rest (`leoam/completion/prepare`). Absent: nothing.
   */
  prepared: completionCounters.optional(),
  /** Likewise, for what might come behind a suggestion while that was read. */
  lookedAhead: completionCounters.optional(),
  timings: z.object({
    /** Waited for the typing to pause. */
    waitMs: z.number(),
    selectMs: z.number(),
    /** Waited for the request before it to end and for other work to give way. */
    queuedMs: z.number(),
    /** From the request's arrival, without `waitMs`, to the first token. */
    ttftMs: z.number(),
    /** From the request's arrival, without `waitMs`, to its result. */
    totalMs: z.number(),
  }),
});
export type CompletionRecord = z.infer<typeof completionRecord>;

export const completionRecent = request(
  'leoam/completion/recent',
  z.object({}),
  z.array(completionRecord),
  'The latest requests for inline completions, the newest first: what was suggested, or why nothing was.',
);

/** Where a name is defined; `line` counts from 0. */
const definition = z.object({ name: z.string(), uri: z.string(), line: z.int().min(0) });
export type Definition = z.infer<typeof definition>;

export const completionPrepare = request(
  'leoam/completion/prepare',
  z.object({
    uri: z.string(),
    /** Of the cursor, as LSP counts: from 0, in UTF-16 units. */
    position: z.object({ line: z.int().min(0), character: z.int().min(0) }),
    /** Of names around the cursor, the nearest first. */
    definitions: z.array(definition).max(16).optional(),
  }),
  z.null(),
  'The cursor has come to rest: what it needs from other files and around it is computed when nothing else is to be done. The document must be open (`textDocument/didOpen`).',
);
