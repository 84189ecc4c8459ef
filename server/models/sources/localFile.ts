// A copy of the file that is on this machine already.

import { copyFile, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { CatalogueModel } from '../catalogue.js';
import type { SourceTask } from './partial.js';

/**
 * Places where a copy may lie: the folder LEOAM_MODEL_DIR, and the model hub's own download
 * cache.
 */
export function localCandidates(model: CatalogueModel): string[] {
  const candidates: string[] = [];
  const folder = process.env['LEOAM_MODEL_DIR'];
  if (folder) candidates.push(join(folder, `${model.id}.gguf`));
  const cache = process.env['HF_HOME'] || join(homedir(), '.cache', 'huggingface');
  for (const source of model.sources) {
    if (source.kind !== 'hub') continue;
    const repository = `models--${source.repository.replaceAll('/', '--')}`;
    candidates.push(join(cache, 'hub', repository, 'snapshots', source.revision, source.file));
  }
  return candidates;
}

/** Replaces the partial file by a copy of `path`. */
export async function copyLocal(path: string, task: SourceTask): Promise<void> {
  const { size } = await stat(path);
  await copyFile(path, task.partial, constants.COPYFILE_FICLONE);
  task.onBytes(size, size);
}
