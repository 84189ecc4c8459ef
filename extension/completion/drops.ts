// Requests for suggestions that did not reach the server or that it did not live to answer, for "Why
// was nothing shown?". Kept in memory only.

import type { SwitchState } from './switches.js';

/** Why the server was not asked, or `noServer`: it did not answer. */
export type GateReason =
  | Exclude<SwitchState['kind'], 'on'>
  | 'notActiveEditor'
  | 'outsideFolder'
  | 'noServer';

export interface Drop {
  /** Milliseconds since 1970. */
  time: number;
  uri: string;
  /** 1-based, of the cursor. */
  line: number;
  languageId: string;
  reason: GateReason;
  /** Requests that ended so, one after another. */
  count: number;
}

const kept = 50;

export class Drops {
  private readonly drops: Drop[] = [];

  /** Typing asks with every key: one line and reason is one entry, with its latest time. */
  add(added: Omit<Drop, 'count'>): void {
    const drop = { ...added, count: 1 };
    const [latest] = this.drops;
    if (
      latest?.uri === drop.uri &&
      latest.line === drop.line &&
      latest.languageId === drop.languageId &&
      latest.reason === drop.reason
    ) {
      drop.count += latest.count;
      this.drops.shift();
    }
    this.drops.unshift(drop);
    this.drops.length = Math.min(this.drops.length, kept);
  }

  /** The newest first. */
  recent(): readonly Drop[] {
    return this.drops;
  }
}
