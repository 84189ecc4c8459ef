// From what the user said (an id, a path, nothing) to a model file that is there.

import { existsSync } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';

import { catalogue, findModel, type CatalogueModel, type FimTokens } from './catalogue.js';
import { chooseModel } from './choice.js';
import { ModelError } from './errors.js';
import { fetchModel, type FetchProgress } from './fetch.js';
import { hardware } from './hardware.js';
import { hashFile, modelHash, recordHash } from './hash.js';
import { modelPath, modelsFolder } from './home.js';

export interface ResolveOptions {
  home: string;
  /** Catalogue id or path of a GGUF; absent: chosen by free memory. */
  model?: string;
  /** The file is about to be loaded: refuse one that is larger than the free memory. */
  mustFit?: boolean;
  onProgress?: FetchProgress;
  signal?: AbortSignal;
}

/** A model whose file is on the machine. */
export interface ResolvedModel {
  /** Catalogue id, or the file's name for a model given by path. */
  id: string;
  path: string;
  /** sha256 of the file. */
  hash: string;
  fim?: FimTokens;
  /** Something that the user should hear, such as another model than the wanted one. */
  note?: string;
}

/** Finds the model, fetching it where it is missing. */
export async function resolveModel(options: ResolveOptions): Promise<ResolvedModel> {
  const { home, model } = options;
  if (model === undefined) return resolveDefault(options);
  const known = findModel(model);
  if (known) return fetched(known, options);
  if (!looksLikePath(model)) {
    throw new ModelError('unknownModel', unknownModelMessage(model));
  }
  const path = resolve(model);
  await requireGguf(path);
  await requireMemory(path, options);
  return { id: basename(path), path, hash: await modelHash(path, home) };
}

/** One line of `leoam models list`. */
export interface ListedModel {
  model: CatalogueModel;
  path: string;
  /** 'present' is what was checked when it came; `verifyModel` looks at every byte. */
  state: 'present' | 'partial' | 'missing';
  /** On disk, whole or partial. */
  bytesOnDisk: number;
}

/** The catalogue, with what of it is on the machine. */
export async function listModels(home: string): Promise<ListedModel[]> {
  return Promise.all(
    catalogue.map(async (model): Promise<ListedModel> => {
      const path = modelPath(home, model.id);
      const whole = await sizeOf(path);
      if (whole > 0) return { model, path, state: 'present', bytesOnDisk: whole };
      const part = await sizeOf(`${path}.part`);
      return { model, path, state: part > 0 ? 'partial' : 'missing', bytesOnDisk: part };
    }),
  );
}

/** Reads the whole file again. `ok` is false when its sha256 is not the catalogue's. */
export async function verifyModel(
  home: string,
  id: string,
  onBytes?: (done: number) => void,
): Promise<{ ok: boolean; path: string; sha256: string }> {
  const model = mustFind(id);
  const path = modelPath(home, id);
  if (!existsSync(path)) {
    throw new ModelError(
      'notFound',
      `The model ${id} is not on this machine: there is no ${path}.`,
    );
  }
  const sha256 = await hashFile(path, onBytes);
  await recordHash(path, home, sha256);
  return { ok: sha256 === model.sha256, path, sha256 };
}

/** Deletes the model's file and everything begun for it. Returns the bytes that it freed. */
export async function removeModel(home: string, id: string): Promise<number> {
  mustFind(id);
  const name = basename(modelPath(home, id));
  let freed = 0;
  for (const file of await readdir(modelsFolder(home)).catch(() => [])) {
    if (file !== name && !file.startsWith(`${name}.`)) continue;
    const path = resolve(modelsFolder(home), file);
    freed += await sizeOf(path);
    await rm(path, { recursive: true, force: true });
  }
  return freed;
}

async function resolveDefault(options: ResolveOptions): Promise<ResolvedModel> {
  const choice = chooseModel(await hardware(options.home));
  try {
    return await fetched(choice.model, options);
  } catch (error) {
    // Without a network, a model that is there beats none.
    if (!(error instanceof ModelError) || error.code === 'cancelled') throw error;
    const present = (await listModels(options.home)).find(
      ({ model, state }) => state === 'present' && !model.testOnly,
    );
    if (!present) throw error;
    const resolved = await fetched(present.model, options).catch(() => undefined);
    if (!resolved) throw error;
    const note = `Using ${present.model.id}, which is on this machine. ${error.message}`;
    return { ...resolved, note };
  }
}

async function fetched(model: CatalogueModel, options: ResolveOptions): Promise<ResolvedModel> {
  const { home, onProgress, signal } = options;
  const path = await fetchModel({
    home,
    model,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  await requireMemory(path, options);
  return { id: model.id, path, hash: model.sha256, ...(model.fim ? { fim: model.fim } : {}) };
}

function mustFind(id: string): CatalogueModel {
  const model = findModel(id);
  if (!model) throw new ModelError('unknownModel', unknownModelMessage(id));
  return model;
}

function unknownModelMessage(id: string): string {
  const ids = catalogue.map((model) => model.id).join(', ');
  return `There is no model "${id}"; name one of ${ids}, or the path of a GGUF file.`;
}

function looksLikePath(text: string): boolean {
  return isAbsolute(text) || /[/\\]|\.gguf$/i.test(text);
}

async function requireGguf(path: string): Promise<void> {
  if ((await sizeOf(path)) === 0) {
    throw new ModelError('notFound', `There is no model file at ${path}, or it is empty.`);
  }
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer.toString('latin1') !== 'GGUF') {
      throw new ModelError(
        'notGguf',
        `${path} is not a GGUF file; LeoAM reads models in that format only.`,
      );
    }
  } finally {
    await file.close();
  }
}

/** The weights are held in memory whole; a system that promises more than it has would kill us. */
async function requireMemory(path: string, { home, mustFit }: ResolveOptions): Promise<void> {
  if (mustFit !== true) return;
  const bytes = await sizeOf(path);
  const machine = await hardware(home);
  // What macOS could free is a guess: only what can never fit is refused there.
  const free = process.platform === 'darwin' ? machine.memoryBytes : machine.memoryFreeBytes;
  if (bytes > free) {
    const inGB = (count: number): string => (count / 1e9).toFixed(1);
    throw new ModelError(
      'tooLarge',
      `The model ${basename(path)} takes ${inGB(bytes)} GB of memory and ${inGB(free)} GB are free: close other programs, or choose a smaller model.`,
    );
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : 0;
  } catch {
    return 0;
  }
}
