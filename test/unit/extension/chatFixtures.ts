// A server that answers as a test wants it, for tests of the extension's chat.

import { setImmediate } from 'node:timers/promises';
import type { ChatAnswer } from '../../../server/protocol/chat.js';
import type { Server } from '../../../extension/server/server.js';

type Piece = Parameters<Parameters<Server['onDidStream']>[0]>[0];
type UsedServer = Pick<Server, 'state' | 'status' | 'request' | 'onDidStream' | 'onDidChange'>;

/** What was asked of the server, and how it goes on. */
export interface Asked {
  method: string;
  params: Record<string, unknown>;
  answer(result: unknown): void;
  fail(message: string): void;
}

export class FakeServer {
  readonly asked: Asked[] = [];
  status: Server['status'];
  private stream: (piece: Piece) => void = () => undefined;
  private change: () => void = () => undefined;
  private sequence = 0;

  /** What the chat sees of it. */
  readonly used: UsedServer = fake(this, {
    state: 'running',
    request: (method: { name: string }, params: Record<string, unknown>) =>
      new Promise((resolve, reject) => {
        const fail = (message: string): void => reject(new Error(message));
        this.asked.push({ method: method.name, params, answer: resolve, fail });
      }),
    onDidStream: (listener: (piece: Piece) => void) => {
      this.stream = listener;
      return { dispose: () => undefined };
    },
    onDidChange: (listener: () => void) => {
      this.change = listener;
      return { dispose: () => undefined };
    },
  });

  /** The latest request of a method. */
  latest(method: string): Asked {
    const found = this.asked.filter((asked) => asked.method === method).at(-1);
    if (found === undefined) {
      throw new Error(`${method} was not asked for`);
    }
    return found;
  }

  /** Streams a piece of the answer that is asked for last. */
  send(event: Piece['event']): void {
    const { chat, turn } = this.latest('leoam/chat/ask').params;
    this.stream({ chat: String(chat), turn: String(turn), sequence: this.sequence++, event });
  }

  becomes(state: 'ready' | 'noModel'): void {
    // The chat looks at nothing else of it.
    this.status = { state, health: 'ok', message: '', actions: [] } as unknown as Server['status'];
    this.change();
  }
}

/** Lets everything happen that does not wait for anything. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await setImmediate();
  }
}

/** An answer with these words. */
export function answerOf(answer: string, changed: Partial<ChatAnswer> = {}): ChatAnswer {
  return {
    answer,
    reason: 'end',
    sources: [],
    counters: {
      repoTokens: 0,
      tokensComputed: 0,
      repoTokensComputed: 0,
      tokensRepaired: 0,
      questionTokens: 0,
      tokensReused: 0,
      workingSetTokens: 0,
      bytesFromDisk: 0,
      tokensDecoded: 0,
    },
    timings: {
      selectMs: 0,
      ttftMs: 0,
      loadKvMs: 0,
      repairMs: 0,
      prefillMs: 0,
      totalMs: 0,
      decodeTokensPerSecond: 0,
    },
    model: 'test',
    ...changed,
  };
}

function fake(server: FakeServer, members: object): UsedServer {
  Object.defineProperty(members, 'status', { get: () => server.status });
  return members as UsedServer;
}
