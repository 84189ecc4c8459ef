// One run of tests each, with its counts: the C++ tests through ctest, the TypeScript tests
// through mocha. A run that cannot even start counts as one failure.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { buildFolder, outFolder, root } from './paths.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Runs the C++ tests of a build folder.
 * @param {{ folder: string, env: NodeJS.ProcessEnv, include?: string, exclude?: string }} options
 *   include, exclude: regular expressions over test names
 * @returns {Promise<Counts>}
 */
export async function runCtest({ folder, env, include, exclude }) {
  const report = join(folder, 'ctest.xml');
  rmSync(report, { force: true });
  const args = ['--test-dir', folder, '-C', 'Release', '--output-on-failure', '--no-tests=error'];
  // The tests compute on one thread each.
  args.push('--parallel', String(Math.min(4, availableParallelism())));
  args.push('--output-junit', report);
  args.push(...(include ? ['--tests-regex', include] : []));
  args.push(...(exclude ? ['--exclude-regex', exclude] : []));
  const code = await show('ctest', args, env);
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const xml = readFileSync(report, 'utf8');
  printFigures(xml);
  const counts = countJunit(xml);
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * Runs the compiled TypeScript tests.
 * @param {{ env: NodeJS.ProcessEnv, quick: boolean }} options
 * @returns {Promise<Counts>}
 */
export async function runMocha({ env, quick }) {
  const file = join(buildFolder, 'mocha-counts.json');
  mkdirSync(buildFolder, { recursive: true });
  rmSync(file, { force: true });
  const code = await show(
    process.execPath,
    [
      join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'),
      ...['--reporter', join(root, 'scripts', 'lib', 'mochaReporter.cjs')],
      ...['--recursive', '--exit', '--timeout', '120000', '--enable-source-maps'],
      ...(quick ? ['--grep', '@slow', '--invert'] : []),
      join(outFolder, 'test', '**', '*.test.js'),
    ],
    { ...env, LEOAM_TEST_COUNTS: file },
  );
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  /** @type {Counts} */
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * @param {Counts[]} all
 * @returns {Counts}
 */
export function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of all) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

/** @param {string} xml */
function countJunit(xml) {
  const suite = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? '';
  const number = (/** @type {string} */ name) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  const skipped = number('skipped') + number('disabled');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}

/**
 * Tests print the figures that they judge by as lines that begin with "figure:"; ctest keeps
 * the output of tests that pass to itself.
 * @param {string} xml
 */
function printFigures(xml) {
  for (const [, line] of xml.matchAll(/^(?:.*>)?(figure: .*)$/gm)) {
    console.log(
      line
        ?.replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&'),
    );
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} exit code
 */
function show(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
