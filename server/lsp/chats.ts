// The chats of a window: each one conversation about one folder, one answer at a time.

import type { z } from 'zod';
import { askContext, type Assistant } from '../assistant.js';
import type { AskOptions } from '../chat/asked.js';
import { Conversation, type Prepared } from '../chat/conversation.js';
import { leoError } from '../engine/errors.js';
import { evidenceKv, exactTiers, type TierOptions } from '../engine/tierOptions.js';
import type { IndexProgress } from '../index/jobs.js';
import { wholeRepository } from '../index/pins.js';
import type { Quote } from '../prompt/question.js';
import type {
  ChatAnswer,
  chatAsk,
  chatDidStream,
  chatPrepare,
  ContextItem,
} from '../protocol/chat.js';
import type { ServerOptions } from '../protocol/options.js';
import type { Folder } from './folders.js';

export type Ask = z.infer<typeof chatAsk.params>;
/** A question that is still being written. */
export type Written = z.infer<typeof chatPrepare.params>;
export type Streamed = z.infer<typeof chatDidStream.params>;

/** Tokens of a chat before it starts over with fresh evidence. */
const chatTokens = 12288;
/** Chats whose KV stays in memory, over 100 MB each; an older one is told its turns again. */
const heldChats = 2;

interface Chat {
  folder: string;
  conversation: Conversation;
  isAnswering: boolean;
  /** Names what its session holds of a whole repository that stays on disk. */
  evidence?: string;
}

const mib = 1024 ** 2;
const defaultEvidenceMib = 256;

export class Chats {
  private readonly chats = new Map<string, Chat>();
  private readonly mode: 'leoam' | 'full';
  /** Where evidence is more than is held; undefined: it is held. */
  private readonly tiers: TierOptions | undefined;

  constructor(
    options: ServerOptions,
    private readonly onStream: (piece: Streamed) => void,
  ) {
    this.mode = options.chatEvidence === 'wholeRepository' ? 'full' : 'leoam';
    this.tiers = this.mode === 'full' ? tiersOf(options) : undefined;
  }

  async ask(
    request: Ask,
    folder: Folder,
    assistant: Assistant,
    signal: AbortSignal,
  ): Promise<ChatAnswer> {
    const chat = this.chatOf(request.chat, folder, assistant);
    if (chat.isAnswering) {
      throw leoError('invalid-input', 'This chat is still answering: stop it or wait.');
    }
    chat.isAnswering = true;
    const { turn, answerStart } = request;
    let sequence = 0;
    const stream = (event: Streamed['event']): void =>
      this.onStream({ chat: request.chat, turn, sequence: sequence++, event });
    let waited: IndexProgress | undefined;
    const isRead = (): void => {
      // Another chat may wait for the same folder.
      if (waited !== undefined && folder.awaited === waited) {
        folder.waitForReading(undefined);
      }
    };
    try {
      await this.endPreparing(chat);
      return await chat.conversation.ask({
        ...this.questionOf(request),
        turn,
        ...(answerStart === undefined ? {} : { answerStart }),
        signal,
        onReading: (progress) => {
          waited = progress;
          folder.waitForReading(progress);
        },
        onSources: (chosen) => {
          isRead();
          stream({ type: 'sources', sources: chosen });
        },
        onText: (text) => stream({ type: 'text', text }),
        onWarning: (message) => stream({ type: 'warning', message }),
      });
    } finally {
      isRead();
      chat.isAnswering = false;
      this.keepOneEvidence();
    }
  }

  /**
   * Undefined while the chat answers (of a whole repository: any chat, whose memory it may need), or
   * where the question that came first was another.
   */
  async prepare(
    request: Written,
    folder: Folder,
    assistant: Assistant,
    signal: AbortSignal,
  ): Promise<Prepared | undefined> {
    const chat = this.chatOf(request.chat, folder, assistant);
    const isTaken = this.tiers !== undefined && this.answering().length > 0;
    return chat.isAnswering || isTaken
      ? undefined
      : chat.conversation.prepareFor({ ...this.questionOf(request), signal });
  }

  /** A chat that holds text of an edited file starts over at its next question. */
  forget(folderUri: string, paths: readonly string[]): void {
    for (const { folder, conversation } of this.chats.values()) {
      if (folder === folderUri) {
        conversation.forgetOutdated(paths);
      }
    }
  }

  close(name: string): void {
    this.chats.get(name)?.conversation.dispose();
    this.chats.delete(name);
  }

  /** Closes all chats, or those about one folder. */
  closeAll(folderUri?: string): void {
    for (const [name, { folder }] of this.chats) {
      if (folderUri === undefined || folder === folderUri) {
        this.close(name);
      }
    }
  }

  private chatOf(name: string, folder: Folder, assistant: Assistant): Chat {
    const known = this.chats.get(name);
    if (known?.folder === folder.uri) {
      this.chats.delete(name);
      this.chats.set(name, known); // the latest stands last
      return known;
    }
    this.close(name);
    const onEvidence = (evidence: string): void => {
      chat.evidence = evidence;
      this.keepOneEvidence(evidence);
    };
    const context = askContext(
      assistant,
      folder.repository,
      this.tiers === undefined ? {} : { tiers: this.tiers, onEvidence },
    );
    const conversation = new Conversation(context, chatTokens);
    const chat: Chat = { folder: folder.uri, conversation, isAnswering: false };
    this.chats.set(name, chat);
    this.closeOldest(chat);
    return chat;
  }

  private questionOf({
    question,
    earlier,
    maxTokens,
    context = [],
  }: Omit<Written, 'chat'>): AskOptions {
    return {
      question,
      mode: this.mode,
      quotes: quotesOf(context),
      selection: { mentioned: mentionedIn(context) },
      ...(earlier === undefined ? {} : { earlier }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
    };
  }

  /**
   * The memory for evidence serves one at a time, and more only while answers run together: chats that
   * rest hold no other than `kept`, by default that of the latest answer. They are told their turns again.
   */
  private keepOneEvidence(kept = this.latestEvidence()): void {
    for (const [name, { evidence, isAnswering }] of this.chats) {
      if (!isAnswering && evidence !== undefined && evidence !== kept) {
        this.close(name);
      }
    }
  }

  /** Of other chats, which would take the memory that this one's answer needs. */
  private async endPreparing(asked: Chat): Promise<void> {
    const others = [...this.chats.values()].filter((chat) => chat !== asked && !chat.isAnswering);
    if (this.tiers !== undefined) {
      await Promise.all(others.map(({ conversation }) => conversation.endPreparing()));
    }
  }

  private latestEvidence(): string | undefined {
    const holding = (chats: Chat[]): string | undefined =>
      chats.flatMap(({ evidence }) => evidence ?? []).at(-1);
    return holding(this.answering()) ?? holding([...this.chats.values()]);
  }

  private answering(): Chat[] {
    return [...this.chats.values()].filter(({ isAnswering }) => isAnswering);
  }

  private closeOldest(kept: Chat): void {
    for (const [name, chat] of this.chats) {
      if (this.chats.size <= heldChats) {
        return;
      }
      if (!chat.isAnswering && chat !== kept) {
        this.close(name);
      }
    }
  }
}

function tiersOf(options: ServerOptions): TierOptions {
  const { evidenceMemoryMib, passPageCache, deviceMemoryMib, device } = options;
  return {
    ...exactTiers,
    kv: evidenceKv,
    ramBytes: Math.round((evidenceMemoryMib ?? defaultEvidenceMib) * mib),
    ...(passPageCache === undefined ? {} : { passPageCache }),
    ...(deviceMemoryMib === undefined ? {} : { deviceBytes: Math.round(deviceMemoryMib * mib) }),
    ...(device === undefined ? {} : { device }),
  };
}

function quotesOf(context: readonly ContextItem[]): Quote[] {
  return context.filter((item) => item.type === 'selection');
}

/** All of the folder is meant anyway. */
function mentionedIn(context: readonly ContextItem[]): string[] {
  return context
    .flatMap((item) =>
      item.type === 'selection'
        ? []
        : [item.type === 'folder' ? `${item.path.replace(/\/$/u, '')}/` : item.path],
    )
    .filter((name) => name !== wholeRepository);
}
