// Packs the extension for this platform into one file: extension, server, engine.
//
//   npm run package [-- --target linux-x64] [--out FILE] [--vulkan]
//
// --vulkan: with ggml's module for the memory of GPUs (scripts/native/vulkan.mjs).
// Only what runs goes in. The engine is compiled for this machine's platform, so a package
// for another one is made there.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildProduct } from './build.mjs';
import { filesBelow, fingerprint, unlessUnchanged } from './lib/fingerprint.mjs';
import { withLock } from './lib/lock.mjs';
import { buildFolder, distFolder, root } from './lib/paths.mjs';
import { clearStatus, runLogged, runMain, UserError } from './lib/run.mjs';

/** Beside dist/ and the manifest. */
const documents = ['README.md', 'CHANGELOG.md'];
const plain = ['LICENSE', 'THIRD_PARTY_NOTICES', 'media', 'extension/l10n'];

/** The package's files, as they were put together last. */
export const packedFolder = join(buildFolder, 'vsix');

/** What of the manifest concerns the clone only. */
const cloneOnly = ['private', 'scripts', 'bin', 'binary', 'dependencies', 'devDependencies'];

/**
 * Builds what has changed, packs it unless nothing has, and returns the package's path.
 * @param {{ target?: string, out?: string }} [options]
 * @returns {Promise<string>}
 */
export async function packageVsix({ target = platformTarget(), out } = {}) {
  if (target !== platformTarget()) {
    throw new UserError(
      `the engine of this machine runs on ${platformTarget()}; a package for ${target} is made there.`,
    );
  }
  await buildProduct();
  const { name, version } = readManifest();
  const file = out ?? join(buildFolder, `${name}-${version}-${target}.vsix`);
  const stamp = join(buildFolder, `vsix-${target}.stamp`);
  if (!existsSync(file) || !existsSync(packedFolder)) rmSync(stamp, { force: true });
  const sources = ['package.json', 'dist', ...documents, ...plain];
  const print = fingerprint([...sources, 'scripts/package.mjs'], [file]);
  await withLock(join(buildFolder, 'lock'), 'Packaging', () =>
    unlessUnchanged(stamp, print, async () => {
      fillStage(packedFolder);
      await pack(packedFolder, target, file);
    }),
  );
  clearStatus();
  return file;
}

/** This machine's platform as VS Code names it. */
function platformTarget() {
  const system = existsSync('/etc/alpine-release') ? 'alpine' : process.platform;
  return `${system}-${process.arch === 'arm' ? 'armhf' : process.arch}`;
}

/** @returns {Record<string, unknown>} */
function readManifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/**
 * Puts together what the package holds.
 * @param {string} stage
 */
function fillStage(stage) {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  const manifest = readManifest();
  for (const key of cloneOnly) delete manifest[key];
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of documents) {
    const text = readFileSync(join(root, name), 'utf8');
    writeFileSync(join(stage, name), withoutRelativeLinks(text));
  }
  for (const name of plain) {
    for (const file of filesBelow(join(root, name))) copyTo(stage, file);
  }
  moveManifestTexts(stage);
  for (const file of filesBelow(distFolder).filter(isShipped)) copyTo(stage, file);
  const main = join(stage, String(manifest.main));
  if (!existsSync(main)) throw new UserError(`the build made no ${manifest.main}.`);
}

/**
 * VS Code looks for the manifest's texts beside the manifest.
 * @param {string} stage
 */
function moveManifestTexts(stage) {
  const folder = join(stage, 'extension', 'l10n');
  for (const name of readdirSync(folder)) {
    if (name.startsWith('package.nls')) renameSync(join(folder, name), join(stage, name));
  }
}

/** Files that links point to are not in the package. @param {string} markdown */
function withoutRelativeLinks(markdown) {
  return markdown.replace(/\[([^\]]+)\]\((?![a-z]+:|#)[^)]+\)/g, '$1');
}

/** @param {string} file */
function isShipped(file) {
  const name = relative(distFolder, file).replaceAll('\\', '/');
  return (
    !name.endsWith('.map') &&
    (/^(native|tree-sitter|webview)\//.test(name) ||
      /^(extension\.cjs|main\.js|\w*worker\.js)$/i.test(name))
  );
}

/**
 * @param {string} stage
 * @param {string} file below the clone
 */
function copyTo(stage, file) {
  const target = join(stage, relative(root, file));
  mkdirSync(dirname(target), { recursive: true });
  cpSync(file, target);
}

/**
 * @param {string} stage
 * @param {string} target
 * @param {string} file
 */
async function pack(stage, target, file) {
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const log = join(buildFolder, 'vsix.log');
  rmSync(log, { force: true });
  mkdirSync(dirname(file), { recursive: true });
  const args = ['package', '--no-dependencies', '--allow-missing-repository'];
  await runLogged(process.execPath, [vsce, ...args, '--target', target, '--out', file], {
    label: 'Packaging the extension',
    log,
    cwd: stage,
  });
}

/** @param {string} name */
function option(name) {
  const at = process.argv.indexOf(name);
  if (at < 0) return undefined;
  const value = process.argv[at + 1];
  if (!value || value.startsWith('-')) throw new UserError(`${name} needs a value.`);
  return value;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    const target = option('--target');
    const out = option('--out');
    const from = process.env.INIT_CWD ?? process.cwd();
    const file = await packageVsix({
      ...(target === undefined ? {} : { target }),
      ...(out === undefined ? {} : { out: resolve(from, out) }),
    });
    console.log(`${file}, ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  });
}
