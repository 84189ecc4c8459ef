// Runs git so that nothing starts which a folder's own configuration names: a folder's author
// is not trusted. Only commands that look at names, index and history are asked; those that
// compare contents would run the filters of .git/config.

import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';

const maxOutputBytes = 512 << 20;

/** Switches off what the commands asked here would otherwise start. */
const safeConfiguration = [
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'log.showSignature=false'],
  ...['protocol.allow=never', 'core.quotePath=false'],
].flatMap((setting) => ['-c', setting]);

/** Variables by which a caller of ours (a git hook) would point git at another repository. */
const foreign = /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE)$/;

/** What git prints about a folder; undefined where it is not installed, refuses or fails. */
export function runGit(folder: string, args: readonly string[]): Promise<string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return new Promise((found) => {
    const git = execFile(
      'git',
      ['--no-pager', '-C', resolve(folder), ...safeConfiguration, ...args],
      {
        encoding: 'utf8',
        // Windows looks for a program in the current folder first, which may be this one.
        cwd: dirname(process.execPath),
        env: {
          ...Object.fromEntries(inherited),
          GIT_OPTIONAL_LOCKS: '0',
          GIT_TERMINAL_PROMPT: '0',
          // Objects that a partial clone lacks are not fetched. Before git 2.44 the variable
          // means nothing; that no protocol is allowed holds for every version.
          GIT_NO_LAZY_FETCH: '1',
          GIT_ALLOW_PROTOCOL: 'none',
        },
        maxBuffer: maxOutputBytes,
      },
      (error, output) => found(error === null ? output : undefined),
    );
    git.stdin?.end();
  });
}
