// What a path alone says about a file: folders and files that take no part, with the reason.

const VENDORED_FOLDERS = new Set([
  'node_modules',
  'bower_components',
  'jspm_packages',
  'vendor',
  'third_party',
  'site-packages',
  'Pods',
  '.venv',
  'venv',
  '__pycache__',
  '.tox',
  '.nox',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.gradle',
]);

const VERSION_CONTROL_FOLDERS = new Set(['.git', '.hg', '.svn', '.jj']);

const LOCK_FILES = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
  'deno.lock',
  'Cargo.lock',
  'poetry.lock',
  'uv.lock',
  'pdm.lock',
  'Pipfile.lock',
  'Gemfile.lock',
  'composer.lock',
  'go.sum',
  'flake.lock',
  'mix.lock',
  'pubspec.lock',
  'Podfile.lock',
  'packages.lock.json',
  'gradle.lockfile',
]);

const SECRET_NAMES = new Set([
  '.npmrc',
  '.pypirc',
  '.netrc',
  '_netrc',
  '.htpasswd',
  '.pgpass',
  '.git-credentials',
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ed25519',
]);

const SECRET_ENDINGS = ['.pem', '.key', '.p12', '.pfx', '.jks', '.keystore', '.kdbx', '.ppk'];

/** Endings of `.env` files that hold an example and no secret. */
const ENV_EXAMPLES = new Set(['example', 'sample', 'template', 'dist', 'defaults']);

const KINDS: Record<string, string> = {
  image: 'png jpg jpeg gif bmp ico icns webp avif tif tiff svg psd ai eps heic',
  font: 'woff woff2 ttf otf eot',
  'audio or video': 'mp3 mp4 m4a wav ogg flac avi mov mkv webm',
  archive: 'zip gz tgz bz2 xz zst 7z rar tar jar war whl vsix nupkg deb rpm dmg iso',
  document: 'pdf doc docx xls xlsx ppt pptx odt ods',
  'compiled file': 'o a so dylib dll exe lib obj class pyc pyo wasm node bin pdb',
  data: 'csv tsv jsonl ndjson parquet arrow sqlite sqlite3 db log dat npy npz h5 pkl ipynb',
  'model weights': 'gguf safetensors onnx pt pth ckpt tflite',
};

const KIND_BY_ENDING = new Map(
  Object.entries(KINDS).flatMap(([kind, endings]) =>
    endings.split(' ').map((ending) => [ending, kind] as const),
  ),
);

/** Why a folder of this name, below the root, is left out; undefined where it is not. */
export function folderReason(name: string): string | undefined {
  if (VERSION_CONTROL_FOLDERS.has(name)) {
    return 'version control data';
  }
  return VENDORED_FOLDERS.has(name) ? 'vendored folder' : undefined;
}

/** Why a file of this path is left out whatever it holds; undefined where it is not. */
export function nameReason(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const lower = name.toLowerCase();
  // A path becomes part of a prompt, where control tokens would be recognised.
  if (hasControlCharacters(path) || path.includes('<|')) {
    return 'name with control characters';
  }
  if (looksSecret(lower)) {
    return 'may hold secrets (by its name)';
  }
  if (LOCK_FILES.has(name)) {
    return 'lock file';
  }
  if (lower.endsWith('.map')) {
    return 'generated (source map)';
  }
  if (lower.endsWith('.snap')) {
    return 'generated (snapshot)';
  }
  if (/[.-]min\.(js|mjs|cjs|css)$/.test(lower)) {
    return 'minified';
  }
  return KIND_BY_ENDING.get(lower.slice(lower.lastIndexOf('.') + 1));
}

function looksSecret(name: string): boolean {
  if (SECRET_NAMES.has(name) || SECRET_ENDINGS.some((ending) => name.endsWith(ending))) {
    return true;
  }
  if (name === '.env' || name.startsWith('.env.')) {
    return !ENV_EXAMPLES.has(name.slice('.env.'.length));
  }
  return false;
}

function hasControlCharacters(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) {
      return true;
    }
  }
  return false;
}
