// Question files: one JSON object a line.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { leoError } from '../engine/errors.js';

const texts = z.array(z.string().min(1)).min(1);

const evalQuestionSchema = z
  .object({
    question: z.string().min(1),
    /** Any of these makes an answer right. */
    answers: texts.optional(),
    /** All of these must occur. */
    mustAll: texts.optional(),
    /** The file, or the files, in which the answer stands. */
    source: z.union([z.string(), texts]).optional(),
  })
  .refine((line) => line.answers !== undefined || line.mustAll !== undefined, {
    message: 'needs "answers" or "mustAll"',
  });

export type EvalQuestion = z.infer<typeof evalQuestionSchema>;

export async function readEvalFile(path: string): Promise<EvalQuestion[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw leoError('invalid-input', `The question file cannot be read: ${reason}.`);
  });
  return parseEvalLines(text, path);
}

/** Parses a question file's text; the error names the line. */
export function parseEvalLines(text: string, name: string): EvalQuestion[] {
  const questions = text.split(/\r?\n/u).flatMap((line, i) => {
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
    const parsed = evalQuestionSchema.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue?.path.join('.');
      throw leoError('invalid-input', `${at}: ${where ? `"${where}": ` : ''}${issue?.message}.`);
    }
    return [parsed.data];
  });
  if (questions.length === 0) {
    throw leoError('invalid-input', `${name} holds no questions.`);
  }
  return questions;
}
