// Builds everything that runs: llama.cpp (in the shared cache), the addon, the bundles.
// Each step is skipped when nothing it depends on has changed, so that a second call takes
// a fraction of a second.
//
//   npm run build [-- --vulkan]    all of it, with TypeScript compiled to out/ as well; --vulkan: and
//                                  ggml's Vulkan module, for the memory of a GPU
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { bundleExtension } from './lib/bundleExtension.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { filesBelow, fingerprint, unlessUnchanged } from './lib/fingerprint.mjs';
import { withLock } from './lib/lock.mjs';
import { buildFolder, distFolder, outFolder, root } from './lib/paths.mjs';
import { clearStatus, runLogged, runMain, UserError } from './lib/run.mjs';
import { requireBuildTools } from './lib/tools.mjs';
import { ensureLlama } from './native/llama.mjs';
import { ensureVulkan } from './native/vulkan.mjs';

/** Where the addon, the C++ tests and the bench programs are compiled. */
export const nativeBuildFolder = join(buildFolder, 'native');

/** Modules that only who wants a GPU loads (native/model/backend_modules.h). */
const gpuFolder = join(distFolder, 'native', 'gpu');

/**
 * Builds what a user runs: dist/cli.js, dist/main.js, dist/native, and the extension
 * (dist/extension.cjs, dist/webview).
 */
export async function buildProduct() {
  requireBuildTools(); // said before minutes are spent on anything else
  await ensureDependencies();
  await withLock(join(buildFolder, 'lock'), 'Building', async () => {
    await buildAddon();
    await bundle();
  });
  clearStatus();
}

/** Compiles the addon and puts it into dist/native together with the libraries it loads. */
export async function buildAddon() {
  const llama = await ensureLlama();
  const print = fingerprint(['native', 'CMakeLists.txt', 'package-lock.json'], [llama.key]);
  await unlessUnchanged(join(distFolder, 'native', '.stamp'), print, async () => {
    await compileNative(['leoam'], llama);
    copyNative(llama.bin);
  });
  if (withVulkan()) {
    const module = await ensureVulkan();
    mkdirSync(gpuFolder, { recursive: true });
    replaceFile(module, join(gpuFolder, basename(module)));
  }
}

/** The program was called with --vulkan. */
export function withVulkan() {
  return process.argv.includes('--vulkan');
}

/**
 * Compiles CMake targets with cmake-js.
 * @param {string[]} targets
 * @param {import('./native/llama.mjs').Llama} llama
 * @param {string[]} definitions CMake's, such as `LEOAM_TESTS=ON`; what was set once stays
 * @param {string} folder the build folder
 */
export async function compileNative(targets, llama, definitions = [], folder = nativeBuildFolder) {
  requireBuildTools();
  const log = join(folder, 'build.log');
  rmSync(log, { force: true });
  const cmakeJs = join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
  const common = ['--directory', root, '--out', folder, '--log-level', 'warn'];
  const defined = [
    `LEOAM_LLAMA_SOURCE=${llama.source}`,
    `LEOAM_LLAMA_BUILD=${llama.build}`,
    'LEOAM_ADDON=ON',
    ...definitions,
  ].map((definition) => `--CD${definition}`);
  const label = `Building ${targets.join(', ')}`;
  await runLogged(process.execPath, [cmakeJs, 'configure', ...common, ...defined], { label, log });
  const jobs = String(availableParallelism());
  for (const target of targets) {
    const args = [cmakeJs, 'build', ...common, '--target', target, '--parallel', jobs];
    await runLogged(process.execPath, args, { label, log });
  }
}

/**
 * Copies the addon and the shared libraries, each under the name by which it is loaded.
 * Through a temporary name: a process that has the old file open keeps it.
 * @param {string} bin llama.cpp's
 */
function copyNative(bin) {
  const target = join(distFolder, 'native');
  mkdirSync(target, { recursive: true });
  const addon = filesBelow(nativeBuildFolder).find((file) => file.endsWith('leoam.node'));
  if (!addon)
    throw new UserError('The build made no leoam.node: are there sources in native/binding?');
  replaceFile(addon, join(target, 'leoam.node'));
  for (const name of readdirSync(bin).filter(isLoadedByName)) {
    const isOfGpu = /ggml-metal\./.test(name);
    if (isOfGpu) mkdirSync(gpuFolder, { recursive: true });
    replaceFile(realpathSync(join(bin, name)), join(isOfGpu ? gpuFolder : target, name));
  }
}

/** @param {string} name */
function isLoadedByName(name) {
  return (
    /^lib(llama|ggml|ggml-base)\.so\.\d+$/.test(name) || // Linux: the soname
    /^lib(llama|ggml|ggml-base)\.\d+\.dylib$/.test(name) ||
    /^libggml-(?!base)[a-z0-9_-]+\.(so|dylib)$/.test(name) || // modules, chosen at run time
    /\.dll$/.test(name)
  );
}

/**
 * @param {string} from
 * @param {string} to
 */
function replaceFile(from, to) {
  cpSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

/** Bundles the programs and the workers that they start, each into one file of dist/. */
export async function bundle() {
  const sources = [
    'server',
    'extension',
    'package-lock.json',
    'scripts/build.mjs',
    'scripts/lib/bundleExtension.mjs',
  ];
  await unlessUnchanged(join(distFolder, '.stamp'), fingerprint(sources), async () => {
    const { build } = await import('esbuild');
    const programs = ['server/cli.ts', 'server/main.ts'].filter((file) =>
      existsSync(join(root, file)),
    );
    const workers = filesBelow(join(root, 'server')).filter((file) => /worker\.ts$/.test(file));
    await build({
      absWorkingDir: root,
      entryPoints: [...programs, ...workers].map((file) => ({
        in: file,
        out: /([^/\\]+)\.ts$/.exec(file)?.[1] ?? file,
      })),
      outdir: distFolder,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      sourcemap: true,
      logLevel: 'warning',
      external: ['*.node'],
      // Packages in CommonJS form call require() for node's own modules.
      banner: {
        js: "import { createRequire as leoamCreateRequire } from 'node:module';\nconst require = leoamCreateRequire(import.meta.url);",
      },
    });
    copyTreeSitter();
    await bundleExtension();
  });
}

/**
 * Puts the parser and its grammars into dist/tree-sitter. The parser is a CommonJS module that
 * asks for its own file's name, so it cannot be bundled, and in this package (`type: module`)
 * needs the name ending of CommonJS.
 */
function copyTreeSitter() {
  const from = join(root, 'node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');
  const to = join(distFolder, 'tree-sitter');
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.endsWith('.wasm')) cpSync(join(from, name), join(to, name));
  }
  cpSync(join(from, 'tree-sitter.js'), join(to, 'tree-sitter.cjs'));
}

/** A test that was removed must not run on: tsc leaves what it once made. */
function removeOrphans() {
  for (const file of filesBelow(outFolder)) {
    const made = /^(.*)\.(js|js\.map|d\.ts)$/.exec(relative(outFolder, file));
    if (made && !existsSync(join(root, `${made[1]}.ts`))) rmSync(file);
  }
}

/** Compiles TypeScript to out/, where tests and unbundled programs run from. */
export async function compileTypeScript() {
  const sources = ['server', 'extension', 'test', 'tsconfig.json', 'package-lock.json'];
  await unlessUnchanged(join(outFolder, '.stamp'), fingerprint(sources), async () => {
    removeOrphans();
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const log = join(buildFolder, 'tsc.log');
    rmSync(log, { force: true });
    await runLogged(process.execPath, [tsc, '-b', root], { label: 'Compiling TypeScript', log });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    await buildProduct();
    await compileTypeScript();
    clearStatus();
  });
}
