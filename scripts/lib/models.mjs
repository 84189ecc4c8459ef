// Model files for scripts, through the product's own code (which must be compiled).
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { outFolder } from './paths.mjs';
import { clearStatus, status, UserError } from './run.mjs';

/** The two models that tests run on: one of each architecture. */
export const testModels = {
  qwen2: 'qwen2.5-coder-0.5b-instruct-q4_k_m',
  llama: 'smollm2-135m-instruct-q4_1',
};

/**
 * Makes sure that the model is there and returns the path of its file.
 * @param {string} id
 * @returns {Promise<string>}
 */
export async function ensureModel(id) {
  const models = await import(pathToFileURL(join(outFolder, 'server', 'models', 'index.js')).href);
  const model = models.findModel(id);
  try {
    return await models.fetchModel({
      home: models.homeFolder(),
      model,
      onProgress: (
        /** @type {number} */ done,
        /** @type {number} */ total,
        /** @type {number} */ rate,
      ) => status(`Fetching ${model.name}`, progressText(done, total, rate)),
    });
  } catch (error) {
    throw error instanceof models.ModelError ? new UserError(error.message) : error;
  } finally {
    clearStatus();
  }
}

/**
 * "[#####     ] 52 %  120 of 491 MB, 14.2 MB/s, 26 s left"
 * @param {number} done
 * @param {number} total
 * @param {number} bytesPerSecond
 */
export function progressText(done, total, bytesPerSecond) {
  const share = total > 0 ? done / total : 0;
  const bar = '#'.repeat(Math.round(share * 20)).padEnd(20);
  const left = bytesPerSecond > 0 ? `, ${Math.ceil((total - done) / bytesPerSecond)} s left` : '';
  const rate = (bytesPerSecond / 1e6).toFixed(1);
  return `[${bar}] ${Math.floor(share * 100)} %  ${megabytes(done)} of ${megabytes(total)} MB, ${rate} MB/s${left}`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}
