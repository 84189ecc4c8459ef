// ggml's Vulkan module: a GPU's memory as a tier, on Linux and Windows. Built once per machine, in
// the cache, and only on request (--vulkan): it takes minutes and wants the Vulkan headers, glslc
// and the headers of SPIR-V, as the Vulkan SDK has them.
//
//   node scripts/native/vulkan.mjs     builds it and prints where (JSON)
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { withLock } from '../lib/lock.mjs';
import { cacheFolder, root } from '../lib/paths.mjs';
import { capture, clearStatus, runMain, UserError } from '../lib/run.mjs';
import { requireBuildTools } from '../lib/tools.mjs';
import { buildCached, contentKey } from './cachedBuild.mjs';
import { ensureLlama } from './llama.mjs';

/**
 * Returns the path of the module; builds it first where that has not been done.
 * @returns {Promise<string>}
 */
export async function ensureVulkan() {
  const { compiler, ninja } = requireBuildTools();
  const shaderCompiler = requireGlslc();
  const llama = await ensureLlama();
  const lists = join(root, 'native', 'llama', 'vulkan', 'CMakeLists.txt');
  const key = contentKey(
    ...[llama.source, readFileSync(lists, 'utf8'), compiler, shaderCompiler],
    `${process.platform}-${process.arch}`,
  );
  const base = join(cacheFolder(), 'llama.cpp');
  const build = join(base, `vulkan-${key}`);
  const stamp = join(build, '.complete');
  if (!existsSync(stamp)) {
    await withLock(join(base, 'lock'), 'Building the Vulkan module', async () => {
      if (existsSync(stamp)) return;
      await buildCached({
        ...{ lists, build, ninja, targets: ['leoam-vulkan'] },
        definitions: [`LEOAM_LLAMA_SOURCE=${llama.source}`],
        label: 'Building the Vulkan module (once, some minutes)',
      });
      writeFileSync(stamp, `${new Date().toISOString()}\n`);
    });
    clearStatus();
  }
  return moduleIn(join(build, 'bin'));
}

function requireGlslc() {
  const sdk = process.env.VULKAN_SDK;
  const own = sdk ? [join(sdk, process.platform === 'win32' ? 'Bin' : 'bin', 'glslc')] : [];
  for (const program of [...own, 'glslc']) {
    const version = capture(program, ['--version']);
    if (version) return version;
  }
  throw new UserError(
    'glslc was not found, and the Vulkan module is built with it; install the Vulkan SDK, or on ' +
      'Debian and Ubuntu: apt-get install glslc libvulkan-dev spirv-headers.',
  );
}

/** @param {string} bin */
function moduleIn(bin) {
  for (const folder of [bin, join(bin, 'Release')]) {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const name = names.find((one) => /^(lib)?ggml-vulkan\.(so|dll)$/.test(one));
    if (name) return join(folder, name);
  }
  throw new UserError(`the build made no Vulkan module in ${bin}; see build.log beside it.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => console.log(JSON.stringify({ module: await ensureVulkan() })));
}
