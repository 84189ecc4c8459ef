// Reads a repository into a bench's store with the command line, so that what is measured
// afterwards finds it warm.

import { z } from 'zod';
import type { ResolvedModel } from '../../server/models/index.js';
import { flushFiles } from './pageCache.js';
import { benchHome, benchModel, capture, cliPath, note, threadsOption } from './support.js';

/** What all calls of the command line in one bench have in common. */
export interface BenchSession {
  home: string;
  model: ResolvedModel;
  threads: number;
}

/** As the options say that all benches have. */
export async function benchSession(options: {
  model?: string | undefined;
  threads?: string | undefined;
}): Promise<BenchSession> {
  return {
    home: await benchHome(),
    model: await benchModel(options.model),
    threads: threadsOption(options.threads),
  };
}

const indexOutput = z.object({ tokens: z.number() });

/** Tokens of the repository. `options`: of `leoam index`. */
export async function readIntoStore(
  session: BenchSession,
  root: string,
  name: string,
  options: readonly string[] = [],
): Promise<number> {
  note(`${name}: reading what the store lacks.`);
  const output = await capture(
    process.execPath,
    [cliPath(), 'index', '--json', ...options, ...sessionArguments(session, root)],
    { showErrors: true },
  );
  await flushFiles(session.home);
  return indexOutput.parse(JSON.parse(output)).tokens;
}

export function sessionArguments({ home, model, threads }: BenchSession, root: string): string[] {
  return ['--repo', root, '--home', home, '--model', model.path, '--threads', String(threads)];
}
