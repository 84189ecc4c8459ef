// Puts the server's modules together: model, engine, prompt profile, retrieval heads,
// repository. The terminal commands and the language server start from here.

import { createHash } from 'node:crypto';
import type { KvFormat, Precision } from './engine/addon.js';
import { LeoEngine, type EngineModel } from './engine/engine.js';
import { leoError } from './engine/errors.js';
import type { AskContext } from './chat/turn.js';
import { openRepository } from './index/repository.js';
import type { KeyParts, RefreshOptions, RepositoryIndex } from './index/types.js';
import { resolveModel, type FetchProgress } from './models/index.js';
import { promptProfile, type PreambleKind, type PromptProfile } from './prompt/profile.js';
import { readModelProfile } from './retrieval/modelProfile.js';
import { headScorer } from './retrieval/retrievalHeads.js';

export interface AssistantOptions {
  home: string;
  /** Catalogue id or path of a GGUF; absent: chosen by free memory. */
  model?: string;
  threads?: number;
  /** How KV is kept. Default 8 bits. */
  precision?: Precision;
  /** How conversations hold KV in memory; default F16. */
  kv?: KvFormat;
  /** Bytes that the store may take on disk; absent: no limit. */
  storeBudgetBytes?: number;
  /** Bytes of memory for stored KV that is moved there or that the disk refuses; absent: 1 GiB. */
  storeRamBytes?: number;
  preamble?: PreambleKind;
  signal?: AbortSignal;
  onModelProgress?: FetchProgress;
  /** Hears what the user should know, such as another model than the wanted one. */
  onNote?: (note: string) => void;
}

/** A model that is ready to read repositories and to answer. */
export interface Assistant {
  engine: LeoEngine;
  profile: PromptProfile;
  keyParts: KeyParts;
  home: string;
  /** True when the model's retrieval heads are known. */
  hasHeads: boolean;
  loadMs: number;
  dispose(): Promise<void>;
}

const defaultPrecision: Precision = 'q8';
const defaultPreamble: PreambleKind = 'chat';

/** Fetches the model where it is missing, loads it and gives the engine its preamble and heads. */
export async function openAssistant(options: AssistantOptions): Promise<Assistant> {
  const model = await findModel(options);
  const started = performance.now();
  const precision = options.precision ?? defaultPrecision;
  const engine = await LeoEngine.open({
    home: options.home,
    model,
    precision,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.kv === undefined ? {} : { kv: options.kv }),
    ...(options.storeBudgetBytes === undefined
      ? {}
      : { storeBudgetBytes: options.storeBudgetBytes }),
    ...(options.storeRamBytes === undefined ? {} : { storeRamBytes: options.storeRamBytes }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const profile = await promptProfile(
      promptTokenizer(engine),
      options.preamble ?? defaultPreamble,
    );
    await engine.native.setPreamble(profile.preamble);
    const known = await readModelProfile(options.home, model.hash);
    engine.setRetrievalHeads(
      (known?.retrievalHeads ?? []).map(({ layer, head }) => ({ layer, head })),
    );
    return {
      engine,
      profile,
      keyParts: {
        model: model.hash,
        tokenizer: `${engine.info.architecture}-${engine.info.vocabulary}-${model.hash.slice(0, 16)}`,
        kvVersion: engine.system.kvVersion,
        precision,
        preamble: createHash('sha256').update(profile.preamble).digest('hex'),
      },
      home: options.home,
      hasHeads: known !== undefined,
      loadMs: performance.now() - started,
      dispose: () => engine.dispose(),
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** Opens a folder with the assistant's tokeniser and keys. */
export function openRepositoryFor(
  assistant: Assistant,
  root: string,
  options: RefreshOptions = {},
): Promise<RepositoryIndex> {
  return openRepository({
    ...options,
    root,
    home: assistant.home,
    tokenize: (texts, special) => assistant.engine.tokenize(texts, special),
    header: (path) => assistant.profile.header(path),
    keyParts: assistant.keyParts,
  });
}

/** Fails when nothing of the folder can be read, and says how many files were left out and why. */
export function checkNotEmpty(repository: RepositoryIndex): void {
  if (repository.files.length > 0) {
    return;
  }
  const reasons = [...new Set(repository.skipped.map(({ reason }) => reason))].slice(0, 3);
  throw leoError(
    'nothing-to-read',
    repository.skipped.length === 0
      ? `${repository.root} holds no files.`
      : `${repository.root} holds no file to read; ${repository.skipped.length} were left out (${reasons.join(', ')}).`,
  );
}

/** What a question needs. */
export function askContext(
  assistant: Assistant,
  repository: RepositoryIndex,
  options: Pick<AskContext, 'tiers' | 'onEvidence'> = {},
): AskContext {
  return {
    ...options,
    engine: assistant.engine,
    profile: assistant.profile,
    repository,
    ...(assistant.hasHeads
      ? {
          scoreByHeads: headScorer(assistant.engine, (path, part) =>
            repository.segment(path, part),
          ),
        }
      : {}),
  };
}

function promptTokenizer(engine: LeoEngine): Parameters<typeof promptProfile>[0] {
  return {
    info: engine.info,
    tokenize: (texts, special) => engine.tokenize(texts, special),
    specialToken: (text) => engine.specialToken(text),
    applyChatTemplate: (messages, addAssistant) =>
      engine.native.applyChatTemplate(messages, addAssistant),
  };
}

async function findModel(options: AssistantOptions): Promise<EngineModel> {
  const found = await resolveModel({
    home: options.home,
    mustFit: true,
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onModelProgress === undefined ? {} : { onProgress: options.onModelProgress }),
  });
  if (found.note !== undefined) {
    options.onNote?.(found.note);
  }
  return found;
}
