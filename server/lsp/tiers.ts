// Where the KV of the open folders lies, over LSP: what the tiers hold, and pinning, dropping,
// rebuilding, checking, the budget and wiping.

import { join } from 'node:path';
import type { Assistant } from '../assistant.js';
import { loadAddon } from '../engine/load.js';
import { hitRates, type HitRates } from '../engine/tierRates.js';
import { keptFolders, removeKept } from '../index/keptFiles.js';
import { wholeRepository } from '../index/pins.js';
import type { ChatAnswer } from '../protocol/chat.js';
import type { AnswerInTiers, TiersView } from '../protocol/tiers.js';
import type { Folder } from './folders.js';

/** Answers that figures over time are made of. */
const rememberedAnswers = 50;

export interface TiersHost {
  /** Loads the model where it is not loaded: what is stored is found by its keys. */
  assistant(): Promise<Assistant>;
  /** Opens it where it is not open. */
  folder(uri: string): Promise<Folder>;
  openFolders(): Folder[];
  /** Those as well that are being opened. */
  allFolders(): Promise<Folder[]>;
  /** Undefined where it was not asked for yet, or could not be loaded. */
  loaded(): Promise<Assistant | undefined>;
  /** Of the store, for what is loaded from now on. */
  keepBudget(bytes: number): void;
  home(): string;
}

export class Tiers {
  private readonly answers: AnswerInTiers[] = [];

  constructor(private readonly host: TiersHost) {}

  /** To be told of each answer. */
  answered({ counters, timings }: Pick<ChatAnswer, 'counters' | 'timings'>): void {
    const { repoTokensComputed, tokensReused, tokensComputed, bytesFromDisk } = counters;
    const { ttftMs } = timings;
    this.answers.push({
      ...{ time: Date.now(), ttftMs },
      ...{ repoTokensComputed, tokensReused, tokensComputed, bytesFromDisk },
    });
    this.answers.splice(0, this.answers.length - rememberedAnswers);
  }

  async show(): Promise<TiersView> {
    const { engine } = await this.host.assistant();
    const folders = await Promise.all(
      this.host.openFolders().map(async (folder) => ({
        uri: folder.uri,
        files: await folder.storedFiles(),
      })),
    );
    const stats = await engine.storeStats();
    const session = engine.sessionUse();
    const { evidence, device } = session;
    const rates: HitRates = evidence === undefined ? {} : hitRates(evidence);
    return {
      ...(device === undefined
        ? {}
        : {
            gpu: {
              ...{ bytes: device.bytes, budgetBytes: device.budgetBytes, blocks: device.blocks },
              ...{ bytesIn: device.bytesIn, bytesOut: device.bytesOut, isLost: device.isLost },
              ...(rates.device === undefined ? {} : { hitRate: rates.device }),
            },
          }),
      ram: {
        sessionBytes: session.bytes,
        sessionTokens: session.tokens,
        ...(evidence === undefined
          ? {}
          : {
              evidence: {
                ...{ bytes: evidence.bytes, budgetBytes: evidence.budgetBytes },
                blocks: evidence.blocks,
                ...(rates.ram === undefined ? {} : { hitRate: rates.ram }),
              },
            }),
        segmentBytes: stats.ramBytes,
        segmentBudgetBytes: stats.ramBudgetBytes,
        segments: stats.ramSegments,
        refusedBytes: stats.ramBytes - stats.ramCopiedBytes,
      },
      disk: {
        bytes: stats.bytes,
        pinnedBytes: stats.pinnedBytes,
        budgetBytes: stats.budgetBytes,
        segments: stats.segments,
        chunks: stats.chunks,
        tokens: stats.tokens,
        bytesRead: stats.bytesRead,
        bytesWritten: stats.bytesWritten,
        evicted: stats.evicted,
        damaged: stats.corrupt,
      },
      answers: this.answers,
      folders,
    };
  }

  async pin(uri: string, paths: readonly string[], pinned: boolean): Promise<void> {
    const folder = await this.host.folder(uri);
    await folder.pin(paths, pinned);
    this.goOnReading();
  }

  /** What is not stored yet is left out. */
  async move(uri: string, paths: readonly string[], tier: 'ram' | 'disk'): Promise<void> {
    const { engine } = await this.host.assistant();
    const folder = await this.host.folder(uri);
    await engine.native.moveSegments(folder.keysBelow(paths), tier);
  }

  /** Bytes that became free. */
  async drop(uri: string, paths: readonly string[]): Promise<number> {
    const folder = await this.host.folder(uri);
    const freed = await this.freed(() => folder.drop(paths));
    this.goOnReading();
    return freed;
  }

  /** Tokens that are read again from now on. */
  async rebuild(uri: string, paths: readonly string[]): Promise<number> {
    const folder = await this.host.folder(uri);
    await this.drop(uri, paths);
    return folder.readFiles(paths);
  }

  async verify(): Promise<{ ok: number; damaged: number }> {
    const { ok, damaged } = await loadAddon().addon.verifyStore(join(this.host.home(), 'store'));
    if (damaged.length > 0) {
      this.host.openFolders().forEach((folder) => folder.readAgain());
    }
    return { ok, damaged: damaged.length };
  }

  /** Bytes that became free; without a model it holds from the next load on. */
  async setBudget(bytes: number): Promise<number> {
    this.host.keepBudget(bytes);
    if ((await this.host.loaded()) === undefined) {
      return 0;
    }
    const freed = await this.freed(({ engine }) => engine.native.setStoreBudget(bytes));
    this.goOnReading();
    return freed;
  }

  /**
   * Reading stops: who wipes the store does not want it filled at once. What is stored goes before
   * pins are forgotten, which a full disk may refuse; rejects where it does.
   */
  async clear(): Promise<number> {
    const folders = await this.host.allFolders();
    await Promise.all(folders.map((folder) => folder.stopReading()));
    const freed = await this.freed(({ engine }) => engine.native.clearStore());
    keptFolders(this.host.home()).forEach((folder) => removeKept(folder, 'pins'));
    for (const folder of folders) {
      await folder.pin([wholeRepository], false);
    }
    return freed;
  }

  /** There may be room now for what there was none. */
  private goOnReading(): void {
    for (const folder of this.host.openFolders()) {
      if (folder.stopped?.cause === 'budget') {
        folder.startReading();
      }
    }
  }

  private async freed(run: (assistant: Assistant) => Promise<void>): Promise<number> {
    const assistant = await this.host.assistant();
    const before = (await assistant.engine.storeStats()).bytes;
    await run(assistant);
    return Math.max(0, before - (await assistant.engine.storeStats()).bytes);
  }
}
