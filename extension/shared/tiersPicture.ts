// What the picture of the tiers shows: numbers to draw and words that are ready to be shown.

import { z } from 'zod';

const share = z.number().min(0).max(1);

export const tiersPicture = z.object({
  type: z.literal('picture'),
  title: z.string(),
  tiers: z.array(
    z.object({
      name: z.string(),
      text: z.string(),
      /** Of its budget; where there is none, of the tier that holds most. */
      filled: share,
      isUsed: z.boolean(),
    }),
  ),
  /** What went since the start from a tier to the one above it, and back; `upper` counts tiers from 0. */
  moves: z.array(z.object({ upper: z.int(), up: z.string(), down: z.string() })),
  figures: z.array(z.object({ name: z.string(), value: z.string() })),
  /** The latest answers, the oldest first. */
  answers: z.array(
    z.object({
      ttftMs: z.number(),
      tokensReused: z.number(),
      tokensComputed: z.number(),
      /** Read out, and shown at the pointer. */
      text: z.string(),
    }),
  ),
  firstWord: z.string(),
  tokens: z.string(),
  reused: z.string(),
  computed: z.string(),
  noAnswers: z.string(),
});
export type TiersPicture = z.infer<typeof tiersPicture>;

export const pictureReady = z.object({ type: z.literal('ready') });
