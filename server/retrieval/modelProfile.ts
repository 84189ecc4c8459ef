// What has been found out about a model once and is kept under the home folder: which heads
// retrieve. A file that cannot be read is as good as none: everything in it can be found again.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const modelProfileSchema = z.object({
  version: z.literal(1),
  retrievalHeads: z.array(
    z.object({
      layer: z.number().int().nonnegative(),
      head: z.number().int().nonnegative(),
      /** Mean reciprocal rank of the right chunk over the questions that it was found with. */
      meanReciprocalRank: z.number(),
    }),
  ),
});

export type ModelProfile = z.infer<typeof modelProfileSchema>;

export async function readModelProfile(
  home: string,
  modelHash: string,
): Promise<ModelProfile | undefined> {
  try {
    const text = await readFile(profilePath(home, modelHash), 'utf8');
    return modelProfileSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeModelProfile(
  home: string,
  modelHash: string,
  profile: ModelProfile,
): Promise<void> {
  const path = profilePath(home, modelHash);
  await mkdir(join(home, 'profiles'), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${JSON.stringify(profile, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function profilePath(home: string, modelHash: string): string {
  return join(home, 'profiles', `${modelHash.slice(0, 32)}.json`);
}
