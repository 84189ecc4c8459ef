// Whether a change of a document was no writing: another program wrote its file, and the editor has
// loaded it anew.

import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** File systems tell times in steps. An editor takes longer to hear of a file and to load it. */
const stepMs = 20;
const bom = '\uFEFF';

/**
 * Whether the file of a document held this text before the editor told of it, at `toldAt` in milliseconds
 * since 1970: what is written in the editor comes to be there after that. Reads no file of another size.
 * False where there is none that can be compared; never rejects.
 */
export async function wasOnDisk(uri: string, text: string, toldAt: number): Promise<boolean> {
  try {
    const path = fileURLToPath(uri);
    const { size, mtimeMs } = await stat(path);
    const bytes = Buffer.byteLength(text);
    const isOfSize = size === bytes || size === bytes + Buffer.byteLength(bom);
    if (mtimeMs > toldAt - stepMs || !isOfSize) {
      return false;
    }
    const disk = await readFile(path, 'utf8');
    return disk === text || disk === bom + text; // which editors leave out
  } catch {
    return false;
  }
}
