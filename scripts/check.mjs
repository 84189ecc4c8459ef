// Everything that can be judged without running the program: format, lint, types, dead
// exports, and the same for C++. Prints every finding; exit code 1 if there are any.
//
//   npm run check                 all of it
//   npm run check -- --fix        first repairs what can be repaired
//   npm run check -- --no-tidy    leaves out clang-tidy, the slow part
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, relative } from 'node:path';

import { compileNative, compileTypeScript, nativeBuildFolder } from './build.mjs';
import { ensureClangTools } from './lib/clangTools.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { filesBelow } from './lib/fingerprint.mjs';
import { buildFolder, root } from './lib/paths.mjs';
import { clearStatus, runMain, status, UserError } from './lib/run.mjs';
import { googleTestSource } from './native/googletest.mjs';
import { ensureLlama } from './native/llama.mjs';

const fix = process.argv.includes('--fix');
const tidy = !process.argv.includes('--no-tidy');

await runMain(async () => {
  await ensureDependencies();
  const clang = await ensureClangTools();
  const cpp = filesBelow(join(root, 'native')).filter((file) => /\.(cc|h)$/.test(file));
  /** @type {[string, () => Promise<boolean>][]} */
  const steps = [
    [
      'format',
      () =>
        tool('prettier', 'bin/prettier.cjs', [
          fix ? '--write' : '--check',
          '--log-level',
          'warn',
          '.',
        ]),
    ],
    ['lint', () => tool('eslint', 'bin/eslint.js', ['.', ...(fix ? ['--fix'] : [])])],
    ['types', checkTypes],
    ['dead exports', () => tool('knip', 'bin/knip.js', ['--no-config-hints'])],
    ['C++ format', () => run(clang.format, [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...cpp])],
  ];
  if (tidy) steps.push(['C++ lint', () => checkTidy(clang.tidy, cpp)]);

  const failed = [];
  for (const [name, step] of steps) {
    const started = performance.now();
    const ok = await step();
    clearStatus();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
    if (!ok) failed.push(name);
  }
  if (failed.length > 0)
    throw new UserError(`npm run check found something in: ${failed.join(', ')}.`);
});

/** @returns {Promise<boolean>} */
async function checkTypes() {
  try {
    await compileTypeScript();
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    return false;
  }
}

/**
 * clang-tidy over every source file that has changed, or whose headers have, since it was
 * last found clean.
 * @param {string} program
 * @param {string[]} cpp
 */
async function checkTidy(program, cpp) {
  const llama = await ensureLlama();
  const source = await googleTestSource();
  const definitions = [
    'LEOAM_TESTS=ON',
    ...(source ? [`FETCHCONTENT_SOURCE_DIR_GOOGLETEST=${source}`] : []),
  ];
  await compileNative([], llama, definitions); // writes compile_commands.json
  const hash = (/** @type {string[]} */ files) => {
    const sum = createHash('sha256');
    for (const file of files) sum.update(readFileSync(file));
    return sum.digest('hex');
  };
  const common = hash([join(root, '.clang-tidy'), ...cpp.filter((file) => file.endsWith('.h'))]);
  const records = join(buildFolder, 'tidy');
  mkdirSync(records, { recursive: true });
  /** @type {{ file: string, record: string, print: string }[]} */
  const queue = [];
  for (const file of compiledFiles()) {
    const record = join(records, relative(root, file).replaceAll(/[/\\]/g, '-'));
    const print = `${llama.key} ${common} ${hash([file])}`;
    if (!existsSync(record) || readFileSync(record, 'utf8') !== print)
      queue.push({ file, record, print });
  }
  const total = queue.length;
  let ok = true;
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      status('C++ lint', `${total - queue.length} of ${total}: ${basename(job.file)}`);
      // GoogleTest's macros take the path analyzer five times as long as all other checks.
      const checks = job.file.endsWith('_test.cc') ? ['--checks=-clang-analyzer-*'] : [];
      const clean = await run(
        program,
        ['-p', nativeBuildFolder, '--quiet', ...checks, job.file],
        true,
      );
      if (clean) writeFileSync(job.record, job.print);
      ok &&= clean;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return ok;
}

/** Our own sources, as far as this machine compiles them. @returns {string[]} */
function compiledFiles() {
  const commands = JSON.parse(
    readFileSync(join(nativeBuildFolder, 'compile_commands.json'), 'utf8'),
  );
  const own = join(root, 'native');
  const files = commands
    .map((/** @type {{ file: string }} */ command) => command.file)
    .filter((/** @type {string} */ file) => file.startsWith(own));
  return [...new Set(files)].sort();
}

/**
 * Runs a program of an npm package.
 * @param {string} name
 * @param {string} script
 * @param {string[]} args
 */
function tool(name, script, args) {
  return run(process.execPath, [join(root, 'node_modules', name, script), ...args]);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {boolean} [quietWhenClean] shows the output only if the program fails
 * @returns {Promise<boolean>} whether it succeeded
 */
function run(command, args, quietWhenClean = false) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', quietWhenClean ? 'pipe' : 'inherit', quietWhenClean ? 'ignore' : 'inherit'],
    });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0 && output) {
        clearStatus();
        console.log(output.trimEnd());
      }
      resolve(code === 0);
    });
  });
}
