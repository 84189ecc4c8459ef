// Sets up what the tests need and runs all of them. The last line is
// "N passed, N failed, N skipped".
//
//   npm test                                  everything but the sanitizers
//   npm run test:quick                        without the slow ones (under two minutes)
//   npm run test:sanitize [-- WHICH]          the C++ tests under sanitizers, in builds of their own;
//                                             WHICH: address,undefined or thread
//   npm run test:vulkan                       the C++ tests of tiers with the first Vulkan device
//                                             (Mesa's lavapipe will do) in place of the CPU's memory
//
// Slow tests have `@slow` in their title (TypeScript) or `Slow` in their name (C++).
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import {
  buildAddon,
  bundle,
  compileNative,
  compileTypeScript,
  nativeBuildFolder,
  withVulkan,
} from './build.mjs';
import { ensureCodeServer } from './codeServer.mjs';
import { bundleHostSuite } from './lib/bundleExtension.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { fingerprint, unlessUnchanged } from './lib/fingerprint.mjs';
import { withLock } from './lib/lock.mjs';
import { ensureModel, testModels } from './lib/models.mjs';
import { buildFolder, cacheFolder, root } from './lib/paths.mjs';
import { clearStatus, UserError } from './lib/run.mjs';
import { runCtest, runMocha, sum } from './lib/testRuns.mjs';
import { requireBuildTools } from './lib/tools.mjs';
import { packageVsix, packedFolder } from './package.mjs';
import { googleTestSource } from './native/googletest.mjs';
import { ensureLlama } from './native/llama.mjs';
import { ensureVulkan } from './native/vulkan.mjs';

/** Sanitizers that GCC and Clang can use in one build, one build each. */
const sanitizers = ['address,undefined', 'thread'];
/** How long a test of random visits goes on there. */
const secondsUnderSanitizers = '60';
/** The oracle reads thousands of positions with both engines: a minute, and nothing for the edit loop. */
const slowCpp = 'Slow|Oracle';
/** Left out of the edit loop besides: of the families' tests those with the larger model, and others of seconds. */
const notQuickCpp = `${slowCpp}|DecoderTest.*/qwen2|HeadScores|SessionMoved|EightBit|GivesWay`;

/**
 * Tests that compute with ggml's own threads: the thread sanitizer cannot see what its barriers
 * order, as llama.cpp is not instrumented, and would report races that are none.
 */
const ggmlThreads = 'AttentionTest|DecoderTest|ModelTest|SegmentReader|SessionTest|VocabularyTest';

/** Tests that hold blocks in a device's memory. */
const deviceTests = 'Device|TieredThreads|RamTier';

/** @typedef {import('./lib/testRuns.mjs').Counts} Counts */

const quick = process.argv.includes('--quick');
const vulkan = withVulkan();
const sanitizeAt = process.argv.indexOf('--sanitize');
const sanitize = sanitizeAt < 0 ? [] : process.argv.slice(sanitizeAt + 1);
if (sanitizeAt >= 0 && sanitize.length === 0) sanitize.push(...sanitizers);

try {
  const counts = sum(await runAll());
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
} catch (error) {
  clearStatus();
  console.error(error instanceof UserError ? `leoam: ${error.message}` : error);
  console.log('\n0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}

/** @returns {Promise<Counts[]>} */
async function runAll() {
  requireBuildTools();
  await ensureDependencies();
  const llama = await ensureLlama();
  await compileTypeScript();
  const env = await testEnvironment(llama);
  if (sanitize.length > 0) {
    const runs = [];
    for (const which of sanitize) runs.push(await testUnderSanitizer(which, llama, env));
    return runs;
  }

  if (vulkan) return [await testOnVulkan(llama, env)];
  await withLock(join(buildFolder, 'lock'), 'Building', async () => {
    await buildTests(nativeBuildFolder, llama);
    await buildAddon();
    await bundle();
  });
  heading('C++ tests');
  const runs = [
    await runCtest({ folder: nativeBuildFolder, env, ...(quick ? { exclude: notQuickCpp } : {}) }),
  ];
  const window = quick ? {} : await windowEnvironment();
  heading('TypeScript tests');
  runs.push(await runMocha({ env: { ...env, ...window }, quick }));
  return runs;
}

/**
 * Where tests find models, modules and real source text.
 * @param {import('./native/llama.mjs').Llama} llama
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function testEnvironment(llama) {
  return {
    ...process.env,
    LEOAM_TEST_MODEL_QWEN2: await ensureModel(testModels.qwen2),
    LEOAM_TEST_MODEL_LLAMA: await ensureModel(testModels.llama),
    LEOAM_LLAMA_SOURCE: llama.source,
    LEOAM_MODULE_DIR: llama.bin,
    LEOAM_CACHE: cacheFolder(),
  };
}

/**
 * What the end-to-end tests need: the packed extension, a VS Code, a browser. Where one cannot be
 * had they are skipped, and counted as skipped; never in CI.
 * @returns {Promise<Record<string, string>>}
 */
async function windowEnvironment() {
  try {
    return {
      LEOAM_TEST_CHROMIUM: await ensureChromium(),
      LEOAM_TEST_CODE_SERVER: await ensureCodeServer(),
      LEOAM_TEST_VSIX: await packageVsix(),
      LEOAM_TEST_EXTENSION: packedFolder,
      LEOAM_TEST_HOST_SUITE: await bundleHostSuite(),
    };
  } catch (error) {
    if (!(error instanceof UserError) || process.env.CI) throw error;
    clearStatus();
    console.log(`\nThe end-to-end tests are skipped: ${error.message}`);
    return {};
  }
}

/**
 * @param {string} folder
 * @param {import('./native/llama.mjs').Llama} llama
 * @param {string} [sanitizer]
 */
async function buildTests(folder, llama, sanitizer = '') {
  const print = fingerprint(
    ['native', 'CMakeLists.txt', 'package-lock.json'],
    [llama.key, sanitizer],
  );
  await unlessUnchanged(join(folder, '.tests-stamp'), print, async () => {
    const source = await googleTestSource();
    const definitions = [
      'LEOAM_TESTS=ON',
      `LEOAM_SANITIZE=${sanitizer}`,
      ...(source ? [`FETCHCONTENT_SOURCE_DIR_GOOGLETEST=${source}`] : []),
    ];
    await compileNative(['leoam-tests'], llama, definitions, folder);
  });
}

/**
 * The C++ tests in a build of their own. llama.cpp itself is not instrumented.
 * @param {string} which
 * @param {import('./native/llama.mjs').Llama} llama
 * @param {NodeJS.ProcessEnv} env
 */
async function testUnderSanitizer(which, llama, env) {
  const folder = join(buildFolder, `sanitize-${which.replace(',', '-')}`);
  await buildTests(folder, llama, which);
  heading(`C++ tests under the ${which.replace(',', ' and ')} sanitizer`);
  const suppressions = join(root, 'native', 'testing', 'tsan.supp');
  return runCtest({
    folder,
    exclude: which === 'thread' ? `${slowCpp}|${ggmlThreads}` : slowCpp,
    env: {
      ...env,
      LEOAM_TEST_SECONDS: secondsUnderSanitizers,
      ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
      TSAN_OPTIONS: `halt_on_error=1:second_deadlock_stack=1${existsSync(suppressions) ? `:suppressions=${suppressions}` : ''}`,
    },
  });
}

/**
 * The C++ tests that hold blocks in a device's memory. GGML_BACKEND_PATH is a module that ggml loads
 * besides those it finds; a Vulkan device that is the CPU is listed only where it is named.
 * @param {import('./native/llama.mjs').Llama} llama
 * @param {NodeJS.ProcessEnv} env
 */
async function testOnVulkan(llama, env) {
  const module = await ensureVulkan();
  await buildTests(nativeBuildFolder, llama);
  heading('C++ tests with a Vulkan device');
  const device = { LEOAM_TEST_DEVICE: 'Vulkan0', GGML_VK_VISIBLE_DEVICES: '0' };
  return runCtest({
    folder: nativeBuildFolder,
    include: deviceTests,
    env: { ...env, ...device, GGML_BACKEND_PATH: module },
  });
}

/** @param {string} text */
function heading(text) {
  clearStatus();
  console.log(`\n== ${text}`);
}
