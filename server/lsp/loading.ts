// The assistant of a window: loaded at the first need, told by the status while it comes, and
// not fetched over the network unless that was asked for.

import { openAssistant, type Assistant } from '../assistant.js';
import { canFillIn } from '../completion/marks.js';
import { isEngineError, leoError } from '../engine/errors.js';
import {
  chooseModel,
  fetchModel,
  findModel,
  hardware,
  homeFolder,
  listModels,
  type CatalogueModel,
} from '../models/index.js';
import type { ServerOptions } from '../protocol/options.js';
import type { Status } from '../protocol/status.js';

type Told = Pick<Status, 'state' | 'message' | 'detail' | 'progress' | 'actions' | 'secondsLeft'>;

export interface Failure {
  message: string;
  /** It is the engine that is missing or does not fit: no other model will help. */
  isEngine: boolean;
}

export interface LoadingListener {
  onChange(): void;
  /** One sentence for the log. */
  onNote(note: string): void;
}

const mib = 1024 ** 2;
const gib = 1024 ** 3;

export class Loading {
  /** One sentence that the user should know although all works. */
  warning: string | undefined;
  modelId: string | undefined;
  /** Of the loaded model. */
  canFillIn: boolean | undefined;
  /** Of the store, for what is loaded from now on; 0 or absent: no limit. */
  storeBudgetBytes: number | undefined;
  private opening: Told | undefined;
  private download: Told | undefined;
  private assistant: Promise<Assistant> | undefined;
  private failure: Failure | undefined;

  constructor(
    private readonly options: ServerOptions,
    private readonly listener: LoadingListener,
    private readonly closing: AbortSignal,
  ) {
    const { storeBudgetGib } = options;
    this.storeBudgetBytes =
      storeBudgetGib === undefined ? undefined : Math.round(storeBudgetGib * gib);
  }

  /** What the status tells while there is no assistant, or a model comes. */
  get told(): Told | undefined {
    return this.download ?? this.opening;
  }

  get home(): string {
    return homeFolder(this.options.home);
  }

  /** Why there is no assistant. */
  get problem(): Failure | undefined {
    return this.failure;
  }

  /** Loads it where it is not loaded; rejects with one sentence, and the next call tries again. */
  get(): Promise<Assistant> {
    this.assistant ??= this.load().catch((error: unknown) => {
      this.assistant = undefined;
      if (this.opening?.state !== 'noModel') {
        this.failure = {
          message: error instanceof Error ? error.message : String(error),
          isEngine: isEngineError(error) && error.code === 'addon-missing',
        };
        this.tell(undefined);
      }
      throw error;
    });
    return this.assistant;
  }

  /** What was asked for before, once it is there; undefined where nothing was, or it failed. */
  async loaded(): Promise<Assistant | undefined> {
    return this.assistant?.catch(() => undefined);
  }

  /** Fetches a model of the catalogue; without an id, the one that would be used. */
  async fetch(
    id: string | undefined,
    signal: AbortSignal,
    onProgress: (share: number, message: string) => void,
  ): Promise<string> {
    const model = id === undefined ? await this.wanted() : findModel(id);
    if (model === undefined) {
      throw leoError('invalid-input', `There is no model "${id ?? ''}" in the catalogue.`);
    }
    try {
      await fetchModel({
        home: this.home,
        model,
        signal: AbortSignal.any([signal, this.closing]),
        onProgress: (done, total, bytesPerSecond) => {
          this.download = downloading(model.name, done, total, bytesPerSecond);
          onProgress(this.download.progress ?? 0, this.download.message);
          this.listener.onChange();
        },
      });
    } finally {
      this.download = undefined;
      this.listener.onChange();
    }
    if (this.opening?.state === 'noModel') {
      this.tell(undefined);
    }
    return model.id;
  }

  async dispose(): Promise<void> {
    await this.assistant?.then(
      (assistant) => assistant.dispose(),
      () => undefined,
    );
  }

  private async load(): Promise<Assistant> {
    this.failure = undefined;
    const model = await this.presentModel();
    this.tell({
      state: 'loading',
      message: 'Loading the model.',
      detail: { kind: 'loadingModel' },
      actions: [],
    });
    const { threads, storeRamMib } = this.options;
    const assistant = await openAssistant({
      home: this.home,
      signal: this.closing,
      onModelProgress: (done, total, rate) =>
        this.tell(downloading('the model', done, total, rate)),
      onNote: (note) => {
        this.warning = note;
        this.listener.onNote(note);
      },
      ...(model === undefined ? {} : { model }),
      ...(threads === undefined ? {} : { threads }),
      ...(this.storeBudgetBytes === undefined ? {} : { storeBudgetBytes: this.storeBudgetBytes }),
      ...(storeRamMib === undefined ? {} : { storeRamBytes: Math.round(storeRamMib * mib) }),
    });
    this.modelId = assistant.engine.model.id;
    this.canFillIn = canFillIn(assistant.engine);
    this.tell(undefined);
    return assistant;
  }

  /** The model to open. Where it would have to be fetched and nobody has asked for that, rejects. */
  private async presentModel(): Promise<string | undefined> {
    const { model } = this.options;
    if (this.options.fetchModel !== false || (model !== undefined && !findModel(model))) {
      return model;
    }
    const wanted = await this.wanted();
    const listed = await listModels(this.home);
    const present = listed.filter(({ state }) => state === 'present');
    if (present.some((one) => one.model.id === wanted.id)) {
      return wanted.id;
    }
    const other = model === undefined ? present.find((one) => !one.model.testOnly) : undefined;
    if (other !== undefined) {
      return other.model.id;
    }
    const size = wanted.bytes === undefined ? '' : `, ${(wanted.bytes / 1e9).toFixed(1)} GB`;
    const message = `The model ${wanted.name} is not on this machine yet (${wanted.licence}${size}).`;
    const { name, licence, bytes } = wanted;
    this.tell({
      state: 'noModel',
      message,
      detail: { kind: 'noModel', name, licence, ...(bytes === undefined ? {} : { bytes }) },
      actions: ['fetchModel', 'chooseModel'],
    });
    throw leoError('model-missing', message);
  }

  private async wanted(): Promise<CatalogueModel> {
    const { model } = this.options;
    const named = model === undefined ? undefined : findModel(model);
    return named ?? chooseModel(await hardware(this.home)).model;
  }

  private tell(told: Told | undefined): void {
    this.opening = told;
    this.listener.onChange();
  }
}

function downloading(name: string, done: number, total: number, bytesPerSecond: number): Told {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  return {
    state: 'downloading',
    message: `Fetching ${name}: ${(done / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB.`,
    detail: { kind: 'downloading', name, doneBytes: done, totalBytes: total },
    progress: share,
    actions: [],
    ...(bytesPerSecond > 0 ? { secondsLeft: (total - done) / bytesPerSecond } : {}),
  };
}
