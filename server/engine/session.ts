// One context of the engine and what sessions hold in memory.

import type {
  GenerateRequest,
  GenerateResult,
  NativeSession,
  Priority,
  ScoreRequest,
  ScoreResult,
} from './addon.js';
import { priorities, runJob, type RequestClass } from './jobs.js';
import type { TierCounters, TierOptions } from './tierOptions.js';
import type { BlocksMoved } from './tierRates.js';

/** What a session's tiers hold. */
interface TierUse {
  options: TierOptions;
  counters: TierCounters;
}

/** Sessions may share a context, whose counters only grow. */
function latestOfEach(uses: readonly (TierUse | undefined)[]): TierUse[] {
  const latest = new Map<number, TierUse>();
  for (const use of uses) {
    const known = use === undefined ? undefined : latest.get(use.counters.context);
    if (use !== undefined && (known?.counters.blocksWanted ?? -1) < use.counters.blocksWanted) {
      latest.set(use.counters.context, use);
    }
  }
  return [...latest.values()];
}

/** KV that sessions hold in memory, of which a token takes so many bytes where it is not in tiers. */
export function useOf(sessions: readonly LeoSession[], bytesPerToken: number): SessionUse {
  const tokens = sessions.reduce((sum, session) => sum + session.size(), 0);
  const tiered = latestOfEach(sessions.map(({ tierUse }) => tierUse));
  const sum = (of: (use: TierUse) => number): number =>
    tiered.reduce((total, use) => total + of(use), 0);
  const most = (of: (use: TierUse) => number): number => Math.max(0, ...tiered.map(of));
  const evidence = {
    bytes: sum(({ counters }) => counters.ramBytes + counters.abstractBytes),
    budgetBytes: most(({ options }) => options.ramBytes),
    blocks: sum(({ counters }) => counters.ramBlocks),
    blocksWanted: sum(({ counters }) => counters.blocksWanted),
    blocksRead: sum(({ counters }) => counters.blocksRead),
    blocksFromDevice: sum(({ counters }) => counters.blocksFromDevice),
  };
  const device = {
    bytes: sum(({ counters }) => counters.deviceBytes),
    budgetBytes: sum(({ counters }) => counters.deviceBudgetBytes),
    blocks: sum(({ counters }) => counters.deviceBlocks),
    bytesIn: sum(({ counters }) => counters.bytesToDevice),
    bytesOut: sum(({ counters }) => counters.bytesFromDevice),
    isLost: tiered.some(({ counters }) => counters.deviceLost),
  };
  return {
    tokens,
    bytes: Math.round(tokens * bytesPerToken) + evidence.bytes,
    ...(tiered.length === 0 ? {} : { evidence }),
    ...(device.budgetBytes === 0 ? {} : { device }),
  };
}

export interface SessionUse {
  /** Without evidence in tiers. */
  tokens: number;
  /** With what tiers hold of it in RAM. */
  bytes: number;
  /** In RAM, of evidence that is on disk as well. */
  evidence?: {
    bytes: number;
    /** For one; what answers that run together attend to may be more. */
    budgetBytes: number;
    /** Each is one layer of a chunk. */
    blocks: number;
  } & BlocksMoved;
  /** Of it, in a GPU's memory; absent where none was taken. */
  device?: {
    bytes: number;
    /** What was taken of it, which may be less than was asked for. */
    budgetBytes: number;
    blocks: number;
    /** Moved there from RAM, and back. */
    bytesIn: number;
    bytesOut: number;
    isLost: boolean;
  };
}

/** A request without its priority, which follows from its class. */
export type SessionRequest<T extends { priority: Priority }> = Omit<T, 'priority'>;

/** One context: a prompt, its answer and what follows. Reuses whatever a new prompt shares with its content. */
export class LeoSession {
  constructor(
    readonly native: NativeSession,
    private readonly tiers: TierOptions | undefined,
    private readonly onDispose: () => void,
  ) {}

  /** Undefined where all is held in memory. */
  get tierUse(): TierUse | undefined {
    const counters = this.tiers === undefined ? undefined : this.native.tiers();
    return this.tiers === undefined || counters === undefined
      ? undefined
      : { options: this.tiers, counters };
  }

  async generate(
    request: SessionRequest<GenerateRequest>,
    requestClass: RequestClass,
    signal?: AbortSignal,
  ): Promise<GenerateResult> {
    return runJob(this.native.generate({ ...request, priority: priorities[requestClass] }), signal);
  }

  score(
    request: SessionRequest<ScoreRequest>,
    requestClass: RequestClass,
    signal?: AbortSignal,
  ): Promise<ScoreResult> {
    return runJob(this.native.score({ ...request, priority: priorities[requestClass] }), signal);
  }

  size(): number {
    return this.native.size();
  }

  dispose(): void {
    this.onDispose();
    this.native.dispose();
  }
}
