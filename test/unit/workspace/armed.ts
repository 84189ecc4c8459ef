// A repository whose own configuration names a program wherever git lets it. Each leaves a
// file that tells that it was started.

import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Arms a repository with a commit; a program that is started makes a file in `markers`. */
export function armRepository(root: string, markers: string): void {
  const program = (name: string): string => {
    const file = join(root, '.git', `run-${name}`);
    writeFileSync(file, `#!/bin/sh\n: > '${join(markers, name)}'\nexit 1\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const hooks = join(root, '.git', 'armed-hooks');
  mkdirSync(hooks);
  for (const hook of ['post-index-change', 'reference-transaction', 'pre-auto-gc', 'fsmonitor']) {
    writeFileSync(join(hooks, hook), `#!/bin/sh\n: > '${join(markers, `hook-${hook}`)}'\n`);
    chmodSync(join(hooks, hook), 0o755);
  }
  signLastCommit(root);
  writeFileSync(join(root, '.gitattributes'), '* filter=armed diff=armed\n');
  appendFileSync(
    join(root, '.git', 'config'),
    [
      '[core]',
      `fsmonitor = ${program('fsmonitor')}`,
      `hooksPath = ${hooks}`,
      `pager = ${program('pager')}`,
      `editor = ${program('editor')}`,
      `sshCommand = ${program('ssh')}`,
      `gitProxy = ${program('proxy')}`,
      `askPass = ${program('askpass')}`,
      `alternateRefsCommand = ${program('alternate')}`,
      'repositoryFormatVersion = 1',
      '[extensions]',
      'partialClone = far',
      '[remote "far"]',
      `url = ext::${program('remote')}`,
      'promisor = true',
      `uploadpack = ${program('uploadpack')}`,
      '[protocol "ext"]',
      'allow = always',
      '[filter "armed"]',
      `clean = ${program('clean')}`,
      `smudge = ${program('smudge')}`,
      `process = ${program('process')}`,
      '[diff]',
      `external = ${program('diff')}`,
      '[diff "armed"]',
      `textconv = ${program('textconv')}`,
      `command = ${program('diff-driver')}`,
      '[log]',
      'showSignature = true',
      '[gpg]',
      `program = ${program('gpg')}`,
      '[credential]',
      `helper = ${program('credential')}`,
      '[pager]',
      `log = ${program('pager-log')}`,
      '[alias]',
      `ls-files = !${program('alias')}`,
      '',
    ].join('\n'),
  );
}

/** With a signature that is none: enough for git to ask about it. */
function signLastCommit(root: string): void {
  const git = (args: string[], input = ''): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', input }).trim();
  const commit = `${git(['cat-file', 'commit', 'HEAD'])}\n`;
  const headerEnd = commit.indexOf('\n\n');
  const signature = '\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----';
  const signed = commit.slice(0, headerEnd) + signature + commit.slice(headerEnd);
  const oid = git(['hash-object', '-t', 'commit', '-w', '--stdin'], signed);
  git(['update-ref', 'HEAD', oid]);
}
