// llama.cpp's server with a prompt cache that was saved before: the whole repository is its
// prompt. It is read once and saved; then for each question a new server process restores
// the file and answers.

import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ResolvedModel } from '../../server/models/index.js';
import { listFiles } from '../../server/workspace/list.js';
import type { Question } from '../quality/load.js';
import { LlamaServer } from './llamaServer.js';
import { dropFromPageCache } from './pageCache.js';
import { benchFolder, note } from './support.js';

export interface ServerSample {
  id: string;
  restoreMs: number;
  /** After restoring, from sending the question to the first token. */
  ttftMs: number;
  /** What a person waits for in a new process: restoring and the first token. */
  totalMs: number;
  tokensComputed: number;
}

export interface ServerBaselineOptions {
  program: string;
  model: ResolvedModel;
  threads: number;
  contextTokens: number;
  root: string;
  questions: readonly Pick<Question, 'id' | 'question'>[];
}

const answerTokens = 16;
/** Stands for the question while the prompt is built. */
const questionMark = '[[QUESTION]]';

export async function measureServer(
  options: ServerBaselineOptions,
): Promise<{ samples: ServerSample[]; cacheFileBytes: number }> {
  const slotFolder = path.join(benchFolder(), 'llama-slots');
  await mkdir(slotFolder, { recursive: true });
  const fileName = `${path.basename(options.root)}-${options.model.hash.slice(0, 12)}.bin`;
  const cacheFile = path.join(slotFolder, fileName);
  const context = await repositoryText(options.root);
  if (!existsSync(cacheFile)) {
    note('llama-server: reading the repository once, some minutes.');
    await withServer(options, slotFolder, async (server) => {
      const prompt = await server.chatPrompt(`${context}${questionMark}`);
      await server.complete(prompt.split(questionMark)[0] ?? '', 1);
      await server.save(fileName);
    });
  }
  const samples: ServerSample[] = [];
  for (const { id, question } of options.questions) {
    note(`llama-server: question ${String(samples.length + 1)}`);
    await dropFromPageCache([slotFolder]);
    await withServer(options, slotFolder, async (server) => {
      const prompt = await server.chatPrompt(`${context}${question}`);
      const restoreMs = await server.restore(fileName);
      const { ttftMs, tokensComputed } = await server.complete(prompt, answerTokens);
      samples.push({ id, restoreMs, ttftMs, totalMs: restoreMs + ttftMs, tokensComputed });
    });
  }
  return { samples, cacheFileBytes: (await stat(cacheFile)).size };
}

async function withServer(
  { program, model, threads, contextTokens }: ServerBaselineOptions,
  slotFolder: string,
  work: (server: LlamaServer) => Promise<void>,
): Promise<void> {
  const server = await LlamaServer.start({
    ...{ program, threads, contextTokens, slotFolder },
    modelPath: model.path,
  });
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

/** The files that take part, one after the other, each after a line with its path. */
async function repositoryText(root: string): Promise<string> {
  const { files } = await listFiles({ root });
  const texts = await Promise.all(
    files.map(async ({ path: name }) => {
      const text = await readFile(path.join(root, ...name.split('/')), 'utf8');
      return `// File: ${name}\n${text}\n`;
    }),
  );
  return `Files of the repository:\n${texts.join('')}\n`;
}
