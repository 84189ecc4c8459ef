// Small folders for tests, made for real: files, links, git repositories.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TestFolder {
  root: string;
  write(path: string, content: string | Buffer): void;
  git(...args: string[]): void;
  remove(): void;
}

/** A temporary folder with these files; `git` makes it a repository. */
export function testFolder(
  files: Record<string, string | Buffer> = {},
  options: { git?: boolean } = {},
): TestFolder {
  const root = mkdtempSync(join(tmpdir(), 'leoam-test-'));
  const folder: TestFolder = {
    root,
    write: (path, content) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    git: (...args) => {
      const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
      execFileSync('git', ['-C', root, ...identity, ...args], { stdio: 'ignore' });
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  for (const [path, content] of Object.entries(files)) {
    folder.write(path, content);
  }
  if (options.git) {
    folder.git('init', '-q');
  }
  return folder;
}
