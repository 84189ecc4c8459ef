// What a file imports: the names as written, and the files of the repository they mean.

import { posix } from 'node:path';

const SCRIPT = /\.([mc]?[jt]s|[jt]sx|vue|svelte|astro)$/;
const SCRIPT_ENDINGS = ['', '.ts', '.tsx', '.d.ts', '.mts', '.js', '.jsx', '.mjs', '.cjs', '.json'];

const PATTERNS: { files: RegExp; patterns: RegExp[] }[] = [
  {
    files: SCRIPT,
    patterns: [
      /\bfrom\s*['"]([^'"\n]+)['"]/g,
      /\bimport\s*\(?\s*['"]([^'"\n]+)['"]/g,
      /\brequire\s*\(\s*['"]([^'"\n]+)['"]\s*\)/g,
    ],
  },
  { files: /\.pyi?$/, patterns: [/^\s*from\s+([.\w]+)\s+import\b/gm, /^\s*import\s+([.\w]+)/gm] },
  {
    files: /\.(c|h|cc|cpp|cxx|hh|hpp|hxx|inl|cu|cuh)$/,
    patterns: [/^\s*#\s*include\s*"([^"\n]+)"/gm],
  },
  { files: /\.(rb|rake)$/, patterns: [/^\s*require(?:_relative)?\s*\(?\s*['"]([^'"\n]+)['"]/gm] },
  {
    files: /\.php$/,
    patterns: [
      /\b(?:require|include)(?:_once)?\b[^'"\n]*['"]([^'"\n]+)['"]/g,
      /^\s*use\s+([\w\\]+)/gm,
    ],
  },
  { files: /\.java$/, patterns: [/^\s*import\s+(?:static\s+)?([\w.]+)/gm] },
  {
    files: /\.rs$/,
    patterns: [
      /^\s*(?:pub\s+)?mod\s+(\w+)\s*;/gm,
      /^\s*(?:pub\s+)?use\s+((?:crate|super|self)(?:::\w+)+)/gm,
    ],
  },
  { files: /\.go$/, patterns: [/^\s*(?:import\s+)?(?:\w+\s+)?"([\w./-]+)"\s*$/gm] },
];

/** What a text imports, as it is written, each once. */
export function importsIn(path: string, text: string): string[] {
  const found = new Set<string>();
  for (const { files, patterns } of PATTERNS) {
    if (files.test(path)) {
      for (const pattern of patterns) {
        for (const match of text.matchAll(pattern)) {
          found.add(match[1] ?? '');
        }
      }
    }
  }
  return [...found];
}

/** Finds the files that imports mean, among the paths of the repository. */
export class ImportResolver {
  private readonly paths: Set<string>;
  /** Folder to its files, for imports that name a package of files. */
  private readonly byFolder = new Map<string, string[]>();

  constructor(paths: Iterable<string>) {
    this.paths = new Set(paths);
    for (const path of this.paths) {
      const folder = posix.dirname(path);
      const inFolder = this.byFolder.get(folder);
      if (inFolder) {
        inFolder.push(path);
      } else {
        this.byFolder.set(folder, [path]);
      }
    }
  }

  /** Files that `specifier`, written in `from`, means; none when it is outside the repository. */
  resolve(from: string, specifier: string): string[] {
    const folder = posix.dirname(from);
    if (SCRIPT.test(from)) {
      return specifier.startsWith('.') ? this.first(scriptCandidates(folder, specifier)) : [];
    }
    if (/\.pyi?$/.test(from)) {
      return this.first(pythonCandidates(folder, specifier));
    }
    if (/\.(java)$/.test(from)) {
      return this.bySuffix(`${specifier.replaceAll('.', '/')}.java`);
    }
    if (from.endsWith('.php')) {
      const relative = this.first([posix.join(folder, specifier)]);
      return relative.length > 0
        ? relative
        : this.bySuffix(`${specifier.split('\\').slice(-2).join('/')}.php`);
    }
    if (from.endsWith('.rs')) {
      return this.first(rustCandidates(from, specifier));
    }
    if (from.endsWith('.go')) {
      return this.goPackage(specifier);
    }
    const named = /\.\w+$/.test(specifier) ? specifier : `${specifier}.rb`;
    const near = this.first([posix.join(folder, named), posix.join('lib', named), named]);
    return near.length > 0 ? near : this.bySuffix(named);
  }

  private first(candidates: string[]): string[] {
    const found = candidates
      .map((path) => posix.normalize(path))
      .find((path) => this.paths.has(path));
    return found === undefined ? [] : [found];
  }

  private bySuffix(suffix: string): string[] {
    const clean = posix.normalize(suffix);
    for (const path of this.paths) {
      if (path === clean || path.endsWith(`/${clean}`)) {
        return [path];
      }
    }
    return [];
  }

  /** The module's own prefix is not known: the longest tail that is a folder with Go files. */
  private goPackage(specifier: string): string[] {
    const names = specifier.split('/');
    for (let start = 0; start < names.length; start++) {
      const files = this.byFolder.get(names.slice(start).join('/'));
      const sources = files?.filter((path) => path.endsWith('.go') && !path.endsWith('_test.go'));
      if (sources && sources.length > 0) {
        return sources;
      }
    }
    return [];
  }
}

function scriptCandidates(folder: string, specifier: string): string[] {
  const path = posix.join(folder, specifier);
  const bare = path.replace(/\.([mc]?)jsx?$/, '');
  const stems = bare === path ? [path] : [path, bare];
  return stems.flatMap((stem) => [
    ...SCRIPT_ENDINGS.map((ending) => stem + ending),
    ...SCRIPT_ENDINGS.slice(1).map((ending) => `${stem}/index${ending}`),
  ]);
}

function pythonCandidates(folder: string, specifier: string): string[] {
  const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
  const path = specifier.slice(dots).replaceAll('.', '/');
  const bases =
    dots > 0 ? [posix.join(folder, '../'.repeat(dots - 1))] : [folder, '.', 'src', 'lib'];
  return bases.flatMap((base) => {
    const stem = posix.join(base, path);
    return [`${stem}.py`, `${stem}/__init__.py`, `${stem}.pyi`];
  });
}

function rustCandidates(from: string, specifier: string): string[] {
  const folder = posix.dirname(from);
  const name = posix.basename(from, '.rs');
  const own =
    name === 'mod' || name === 'lib' || name === 'main' ? folder : posix.join(folder, name);
  const names = specifier.split('::');
  const root = from.includes('src/') ? from.slice(0, from.indexOf('src/') + 3) : folder;
  const head = names[0];
  const base = head === 'crate' ? root : head === 'super' ? posix.dirname(own) : own;
  const rest = head === 'crate' || head === 'super' || head === 'self' ? names.slice(1) : names;
  // The last names may be items inside the module.
  return rest.flatMap((_, i) => {
    const stem = posix.join(base, ...rest.slice(0, rest.length - i));
    return [`${stem}.rs`, `${stem}/mod.rs`];
  });
}
