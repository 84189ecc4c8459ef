// Which model to use when nobody has said.

import { findModel, type CatalogueModel } from './catalogue.js';
import type { Hardware } from './hardware.js';

export interface ModelChoice {
  model: CatalogueModel;
  /** For `leoam doctor` and the first start. */
  reason: string;
}

/** What runs everywhere, and what is worth its size where memory allows. */
const small = mustFind('qwen2.5-coder-0.5b-instruct-q4_k_m');
const large = mustFind('qwen2.5-coder-1.5b-instruct-q4_k_m');

/**
 * Chooses by free memory alone: larger models answer better, and are slow without a GPU, so
 * 3B and 7B are there to be asked for and never chosen.
 */
export function chooseModel(hardware: Pick<Hardware, 'memoryFreeBytes'>): ModelChoice {
  const free = inGiB(hardware.memoryFreeBytes);
  const wanted = inGiB(large.memoryBytes);
  if (hardware.memoryFreeBytes >= large.memoryBytes) {
    return { model: large, reason: `${free} of memory are free, and it wants ${wanted}` };
  }
  return {
    model: small,
    reason: `${free} of memory are free; the next larger model wants ${wanted}`,
  };
}

function inGiB(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function mustFind(id: string): CatalogueModel {
  const model = findModel(id);
  if (!model) throw new Error(`The catalogue has no ${id}`);
  return model;
}
