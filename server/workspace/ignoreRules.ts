// Nested ignore files in git's syntax (`.gitignore`, `.leoamignore`), asked folder by folder.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import createIgnore, { type Ignore } from 'ignore';

/** The rules of one kind of ignore file below a root. Files are read when a folder is first asked about. */
export class IgnoreRules {
  private readonly byFolder = new Map<string, Ignore | undefined>();

  constructor(
    private readonly root: string,
    private readonly fileName: string,
    /** Rules that stand before those of the root's own file. */
    private readonly extra = '',
  ) {}

  /** True when `path` (a folder ends with a slash) or a folder above it is ignored. */
  ignores(path: string): boolean {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (slash < path.length - 1 && this.ignoresItself(path.slice(0, slash + 1))) {
        return true;
      }
    }
    return this.ignoresItself(path);
  }

  /** As `ignores`, for a path whose folders are known not to be ignored. */
  ignoresItself(path: string): boolean {
    // The innermost file that says anything decides.
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      const verdict = this.rulesOf(folder)?.test(path.slice(folder.length));
      if (verdict?.ignored || verdict?.unignored || folder === '') {
        return verdict?.ignored ?? false;
      }
    }
  }

  private rulesOf(folder: string): Ignore | undefined {
    if (this.byFolder.has(folder)) {
      return this.byFolder.get(folder);
    }
    let text = folder === '' ? this.extra : '';
    try {
      text += '\n' + readFileSync(join(this.root, folder, this.fileName), 'utf8');
    } catch {
      // Most folders have none.
    }
    const rules = text.trim() === '' ? undefined : createIgnore().add(text);
    this.byFolder.set(folder, rules);
    return rules;
  }
}

/** "a/b/" for "a/b/c" and for "a/b/c/"; "" at the root. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/', path.length - 2) + 1);
}
