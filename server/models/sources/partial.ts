// The file under construction. Every source writes the same bytes, so what one source has
// begun another may go on with.

import { open, stat, truncate, type FileHandle } from 'node:fs/promises';

/** What a source is given to do its work. */
export interface SourceTask {
  /** The partial file; may exist with a right beginning. */
  partial: string;
  /** Whole size, where the catalogue knows it. */
  bytes: number | undefined;
  signal: AbortSignal | undefined;
  /** Hears the partial file's size as it grows, and the whole size as soon as it is known. */
  onBytes(done: number, total: number | undefined): void;
}

/** Size of the partial file; 0 when there is none. */
export async function partialSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

/** Cuts the partial file to `size` and opens it for appending. */
export async function openPartialAt(path: string, size: number): Promise<FileHandle> {
  if ((await partialSize(path)) > size) await truncate(path, size);
  return open(path, 'a', 0o600);
}

/** Appends everything that the stream gives. Returns the file's size afterwards. */
export async function appendAll(
  file: FileHandle,
  stream: AsyncIterable<Uint8Array>,
  start: number,
  onSize: (size: number) => void,
): Promise<number> {
  let size = start;
  for await (const chunk of stream) {
    let written = 0;
    while (written < chunk.length) {
      written += (await file.write(chunk, written)).bytesWritten;
    }
    size += chunk.length;
    onSize(size);
  }
  return size;
}
