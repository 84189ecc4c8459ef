// What a file imports: the names as written, and the files of the repository they mean.

import { posix } from 'node:path';

const SCRIPT = /\.([mc]?[jt]s|[jt]sx|vue|svelte|astro)$/;
const SCRIPT_ENDINGS = ['', '.ts', '.tsx', '.d.ts', '.mts', '.js', '.jsx', '.mjs', '.cjs', '.json'];

/** What stands for the folder that imports of a project begin in: `@/shop/tax`, `~/shop/tax`, `#shop/tax`. */
const ALIAS = /^(?:[@~]\/|#\/?|\$(?=lib\/))/;

/** `names`: what is taken of it, which may be modules of their own. */
interface ImportPattern {
  module: RegExp;
  names?: (module: string, taken: string) => string[];
}

const PATTERNS: { files: RegExp; patterns: (RegExp | ImportPattern)[] }[] = [
  {
    files: SCRIPT,
    patterns: [
      /\bfrom\s*['"]([^'"\n]+)['"]/g,
      /\bimport\s*\(?\s*['"]([^'"\n]+)['"]/g,
      /\brequire\s*\(\s*['"]([^'"\n]+)['"]\s*\)/g,
    ],
  },
  {
    files: /\.pyi?$/,
    patterns: [
      {
        module: /^[ \t]*from\s+([.\w]+)\s+import\s*(\([^)]*|(?:[^\n\\]|\\\r?\n)*)/gm,
        names: pythonNames,
      },
      /^[ \t]*import\s+([.\w]+)/gm,
    ],
  },
  {
    files: /\.(c|h|cc|cpp|cxx|hh|hpp|hxx|inl|cu|cuh)$/,
    patterns: [/^[ \t]*#\s*include\s*"([^"\n]+)"/gm],
  },
  {
    files: /\.(rb|rake)$/,
    patterns: [/^[ \t]*require(?:_relative)?\s*\(?\s*['"]([^'"\n]+)['"]/gm],
  },
  {
    files: /\.php$/,
    patterns: [
      /\b(?:require|include)(?:_once)?\b[^'"\n]*['"]([^'"\n]+)['"]/g,
      /^[ \t]*use\s+([\w\\]+)/gm,
    ],
  },
  { files: /\.java$/, patterns: [/^[ \t]*import\s+(?:static\s+)?([\w.]+)/gm] },
  {
    files: /\.rs$/,
    patterns: [
      /^[ \t]*(?:pub(?:\([^)\n]*\))?\s+)?mod\s+(\w+)\s*;/gm,
      {
        module:
          /^[ \t]*(?:pub(?:\([^)\n]*\))?\s+)?use\s+((?:crate|super|self)(?:::\w+)*)(?:::\{([^;]{0,2000})\}\s*;)?/gm,
        names: rustNames,
      },
    ],
  },
  { files: /\.go$/, patterns: [/^[ \t]*(?:import\s+)?(?:\w+\s+)?"([\w./-]+)"\s*$/gm] },
];

/** What a text imports, as it is written, each once. */
export function importsIn(path: string, text: string): string[] {
  const found = new Set<string>();
  for (const { files, patterns } of PATTERNS) {
    if (files.test(path)) {
      for (const pattern of patterns) {
        const { module, names } = 'module' in pattern ? pattern : { module: pattern };
        for (const [, name = '', taken = ''] of text.matchAll(module)) {
          found.add(name);
          names?.(name, taken).forEach((one) => found.add(one));
        }
      }
    }
  }
  return [...found];
}

/** `from a import b` may mean the file a/b.py. */
function pythonNames(module: string, taken: string): string[] {
  const names = taken.replace(/#[^\n]*/g, '').match(/\w+(?:\s+as\s+\w+)?/g) ?? [];
  const prefix = module.endsWith('.') ? module : `${module}.`;
  return names.map((name) => prefix + (/^\w+/.exec(name)?.[0] ?? ''));
}

/** Of `use a::{b, c::{d, e}}` a::b and a::c. */
function rustNames(module: string, taken: string): string[] {
  let depth = 0;
  let flat = '';
  for (const mark of taken) {
    depth += mark === '{' ? 1 : mark === '}' ? -1 : 0;
    flat += depth > 0 ? '' : mark;
  }
  const names = flat.split(',').map((name) => /^\s*(\w+(?:::\w+)*)/.exec(name)?.[1] ?? 'self');
  return names.filter((name) => name !== 'self').map((name) => `${module}::${name}`);
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
      return specifier.startsWith('.')
        ? this.first(scriptCandidates(folder, specifier))
        : this.ofProject(from, specifier);
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

  /** From a folder that the project's settings name: they are not read, so that it is looked for. */
  private ofProject(from: string, specifier: string): string[] {
    if (!specifier.includes('/') && !specifier.startsWith('#')) {
      return []; // a package
    }
    const bare = specifier.replace(ALIAS, '');
    const folders = foldersAbove(from).flatMap((folder) => [folder, posix.join(folder, 'src')]);
    const places = bare === specifier ? ['', 'src'] : folders;
    return this.first(places.flatMap((folder) => scriptCandidates(folder, bare)));
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

/** The nearest first, the repository's own last. */
function foldersAbove(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? [''] : [folder, ...foldersAbove(folder)];
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
  const supers = names.findIndex((part) => part !== 'super');
  const base =
    head === 'crate' ? root : posix.join(own, ...Array<string>(Math.max(supers, 0)).fill('..'));
  const rest = head === 'crate' || head === 'self' ? names.slice(1) : names.slice(supers);
  // The last names may be items inside the module.
  return rest.flatMap((_, i) => {
    const stem = posix.join(base, ...rest.slice(0, rest.length - i));
    return [`${stem}.rs`, `${stem}/mod.rs`];
  });
}
