#!/usr/bin/env node
// The same services as the language server's, from a terminal. Exit codes: 0 ok, 1 failed,
// 2 wrong use.

import { readFileSync } from 'node:fs';
import { askCommand } from './cli/ask.js';
import {
  helpText,
  parseCommandLine,
  UsageError,
  type Command,
  type Parsed,
} from './cli/arguments.js';
import { cacheCommand } from './cli/cache.js';
import type { CommandFunction } from './cli/common.js';
import { completeCommand } from './cli/complete.js';
import { doctorCommand } from './cli/doctor.js';
import { evalCommand } from './cli/eval.js';
import { indexCommand } from './cli/index.js';
import { modelsCommand } from './cli/models.js';
import { terminalOutput } from './cli/output.js';
import { isCancelled, isEngineError } from './engine/errors.js';

const commandFunctions: Record<Command, CommandFunction> = {
  index: indexCommand,
  ask: askCommand,
  complete: completeCommand,
  eval: evalCommand,
  models: modelsCommand,
  cache: cacheCommand,
  doctor: doctorCommand,
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const output = terminalOutput(args.includes('--json'));
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    if (interrupt.signal.aborted) {
      process.exit(1); // asked twice: the user does not want to wait
    }
    interrupt.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const parsed: Parsed = parseCommandLine(args);
    switch (parsed.command) {
      case 'help':
        process.stdout.write(`${helpText()}\n`);
        return 0;
      case 'version':
        process.stdout.write(`${version()}\n`);
        return 0;
      default:
        return await commandFunctions[parsed.command]({
          line: parsed,
          output,
          signal: interrupt.signal,
        });
    }
  } catch (error) {
    const code = errorCode(error);
    const message = isCancelled(error) ? 'Stopped.' : messageOf(error);
    output.json({ error: { code, message } });
    output.note(message);
    if (code === 'usage') {
      output.note('"leoam help" lists commands and options.');
      return 2;
    }
    return 1;
  }
}

function errorCode(error: unknown): string {
  if (error instanceof UsageError) {
    return 'usage';
  }
  return isEngineError(error) ? error.code : 'internal';
}

/** One sentence for people; an unexpected error keeps its stack where LEOAM_DEBUG is set. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return process.env['LEOAM_DEBUG'] === undefined ? error.message : (error.stack ?? error.message);
}

function version(): string {
  // From the bundle dist/cli.js, or from out/server/cli.js.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (manifest !== null && typeof manifest === 'object' && 'version' in manifest) {
        return String(manifest.version);
      }
    } catch {
      continue;
    }
  }
  return 'unknown';
}
