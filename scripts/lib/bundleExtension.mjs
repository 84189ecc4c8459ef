// The extension's programs, the one in the extension host and those of its pages;
// and the tests that run inside an extension host.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { buildFolder, distFolder, root } from './paths.mjs';

/** Makes dist/extension.cjs and dist/webview. */
export async function bundleExtension() {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    // The extension host loads CommonJS; in a package of type "module" the name says so.
    entryPoints: [{ in: 'extension/extension.ts', out: 'extension' }],
    outExtension: { '.js': '.cjs' },
    outdir: distFolder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  const webview = join(distFolder, 'webview');
  await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'extension/webview/main.ts', out: 'chat' },
      { in: 'extension/webview/chat.css', out: 'chat' },
      { in: 'extension/webview/tiers.ts', out: 'tiers' },
      { in: 'extension/webview/tiers.css', out: 'tiers' },
    ],
    outdir: webview,
    bundle: true,
    platform: 'browser',
    target: 'chrome120',
    format: 'iife',
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  const icons = join(root, 'node_modules', '@vscode', 'codicons', 'dist');
  mkdirSync(webview, { recursive: true });
  for (const name of ['codicon.css', 'codicon.ttf']) cpSync(join(icons, name), join(webview, name));
}

/**
 * Makes one file of the tests in test/host and returns its path.
 * @returns {Promise<string>}
 */
export async function bundleHostSuite() {
  const { build } = await import('esbuild');
  const outfile = join(buildFolder, 'host-suite', 'index.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/host/index.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outfile;
}
