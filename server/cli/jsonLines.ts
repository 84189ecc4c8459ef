// Files with one JSON object a line.

import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { leoError } from '../engine/errors.js';

/** `what`: what the file holds, in the plural. Throws "invalid-input" with a sentence. */
export async function readJsonLines<T>(
  path: string,
  schema: z.ZodType<T>,
  what: string,
): Promise<T[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw leoError('invalid-input', `The file of ${what} cannot be read: ${reason}.`);
  });
  return parseJsonLines(text, path, schema, what);
}

/** The error names the line, and the field where one does not fit. */
export function parseJsonLines<T>(
  text: string,
  name: string,
  schema: z.ZodType<T>,
  what: string,
): T[] {
  const values = text.split(/\r?\n/u).flatMap((line, i) => {
    if (line.trim() === '') {
      return [];
    }
    const at = `${name}:${i + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw leoError('invalid-input', `${at} is not a JSON object.`);
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue?.path.join('.');
      throw leoError('invalid-input', `${at}: ${where ? `"${where}": ` : ''}${issue?.message}.`);
    }
    return [parsed.data];
  });
  if (values.length === 0) {
    throw leoError('invalid-input', `${name} holds no ${what}.`);
  }
  return values;
}
