// Question files: one JSON object a line.

import { z } from 'zod';
import { parseJsonLines, readJsonLines } from './jsonLines.js';

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

export function readEvalFile(path: string): Promise<EvalQuestion[]> {
  return readJsonLines(path, evalQuestionSchema, 'questions');
}

/** Parses a question file's text; the error names the line. */
export function parseEvalLines(text: string, name: string): EvalQuestion[] {
  return parseJsonLines(text, name, evalQuestionSchema, 'questions');
}
