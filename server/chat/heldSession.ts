// The engine session of a conversation: made for what the first turn needs, and anew where a
// later one needs more.

import type { Part } from '../engine/addon.js';
import type { LeoSession } from '../engine/session.js';
import type { AskContext, EarlierTurns, Turn, TurnOptions } from './turn.js';

/** Room for a second, slightly longer question about the same evidence. */
const slackTokens = 256;

type Needs = Pick<TurnOptions, 'maxTokens' | 'mode'>;

export class HeldSession {
  private session: LeoSession | undefined;
  /** Tokens that the session has room for, beside those that stay on disk. */
  private room = 0;

  /** `contextTokens`: window of the conversation; absent: what its first question needs, and no more. */
  constructor(
    private readonly context: AskContext,
    private readonly contextTokens?: number,
  ) {}

  /** False where the turn would need a larger session, so that the conversation had better start over. */
  hasRoom(earlier: EarlierTurns, turn: Turn, needs: Needs): boolean {
    return this.session === undefined || this.needed(earlier, turn, needs) <= this.room;
  }

  for(earlier: EarlierTurns, turn: Turn, needs: Needs): LeoSession {
    const needed = this.needed(earlier, turn, needs);
    if (needs.mode === 'full' && this.context.tiers !== undefined) {
      this.context.onEvidence?.(storedIn([...earlier.parts, ...turn.parts]));
    }
    if (this.session === undefined || needed > this.room) {
      this.session?.dispose();
      const { engine, tiers } = this.context;
      this.room = Math.max(needed + slackTokens, this.contextTokens ?? 0);
      this.session = engine.newSession(this.room, needs.mode === 'full' ? tiers : undefined);
    }
    return this.session;
  }

  dispose(): void {
    this.session?.dispose();
    this.session = undefined;
  }

  private needed(earlier: EarlierTurns, turn: Turn, needs: Needs): number {
    return (
      this.context.profile.preamble.length +
      earlier.tokens +
      turn.workingSetTokens +
      turn.questionTokens +
      needs.maxTokens -
      (this.context.tiers === undefined ? 0 : ((turn.whole ?? earlier.whole)?.tokens ?? 0)) // stays on disk
    );
  }
}

/** Names the stored chunks of a prompt. */
function storedIn(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => (part.kind === 'chunks' ? [`${part.key}:${part.first}-${part.last}`] : []))
    .join(' ');
}
