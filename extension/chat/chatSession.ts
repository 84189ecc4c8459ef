// The chat that is shown: its turns, the answer that is being written, and what stands beside
// the next question. Knows the server and the disk, not the view; tells what has changed.

import * as vscode from 'vscode';
import type { z } from 'zod';
import { chatAsk, chatClose, chatPrepare, type ChatAnswer } from '../../server/protocol/chat.js';
import { sentenceOf } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { answerTokens, preparesWhileTyping } from '../settings.js';
import { contextOf } from './chips.js';
import { textOnDisk } from './citedLines.js';
import type { History } from './history.js';
import { withHashes } from './linesHash.js';
import {
  detailsOf,
  newChat,
  newTurn,
  titleOf,
  type StoredChat,
  type StoredChip,
  type StoredSource,
  type StoredTurn,
} from './storedChat.js';

export interface SessionListener {
  /** The chat is another, or has fewer turns. */
  onChat(): void;
  onTurn(turn: StoredTurn): void;
  /** Words were added to a turn whose answer had this length. */
  onText(turn: StoredTurn, offset: number, text: string): void;
}

interface Answering {
  turn: StoredTurn;
  cancel: vscode.CancellationTokenSource;
  /** The next piece that belongs to it. */
  sequence: number;
  /** The passages as they were chosen. */
  cited: Promise<StoredSource[]>;
  done: Promise<void>;
}

export class ChatSession implements vscode.Disposable {
  private answering: Answering | undefined;
  private preparing: vscode.CancellationTokenSource | undefined;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private current: StoredChat,
    private readonly server: Pick<Server, 'state' | 'request' | 'onDidStream'>,
    private readonly history: Pick<History, 'save'>,
    private readonly listener: SessionListener,
  ) {
    this.subscriptions = [
      server.onDidStream((piece) => {
        if (piece.chat === this.current.id && piece.turn === this.answering?.turn.id) {
          this.receive(this.answering, piece.sequence, piece.event);
        }
      }),
    ];
  }

  get chat(): StoredChat {
    return this.current;
  }

  /** Shows another chat, or a new one about the folder. An answer in progress is stopped. */
  async show(chat: StoredChat | string): Promise<void> {
    await this.stop();
    this.current = typeof chat === 'string' ? newChat(chat) : chat;
    this.listener.onChat();
  }

  /** Asks at the end of the chat. */
  async ask(question: string, chips: StoredChip[]): Promise<void> {
    if (this.answering !== undefined) {
      return;
    }
    const { turns } = this.current;
    if (turns.length === 0) {
      this.current.title = titleOf(question);
    }
    const before = turns.at(-1);
    turns.forEach((turn) => delete turn.insteadOf); // what they were to replace is gone on from
    if (before?.canContinue) {
      // Words that came now would follow a question that was not asked yet.
      before.canContinue = false;
      this.changed(before);
    }
    const turn = newTurn(question, chips);
    turns.push(turn);
    if (turns.length === 1) {
      this.listener.onChat();
    }
    await this.answer(turn);
  }

  /** Has done ahead what a question that is being written will need. */
  async prepare(question: string, chips: readonly StoredChip[]): Promise<void> {
    this.preparing?.cancel();
    const isFree = this.answering === undefined && this.server.state === 'running';
    if (!isFree || !preparesWhileTyping()) {
      return;
    }
    const cancel = new vscode.CancellationTokenSource();
    this.preparing = cancel;
    const asked = this.asked(question, chips, this.current.turns);
    // It only shortens the wait: when it fails, the question will tell why.
    await this.server.request(chatPrepare, asked, cancel.token).catch(() => undefined);
    cancel.dispose();
  }

  /** Asks the turn again, with other words where given; what followed it goes. */
  async askAgain(turnId: string, question?: string): Promise<void> {
    await this.stop();
    const chat = this.current;
    const indexOf = (wanted?: string): number => chat.turns.findIndex(({ id }) => id === wanted);
    const old = chat.turns[indexOf(turnId)];
    if (old === undefined) {
      return;
    }
    const { title } = chat;
    const turn = newTurn(question ?? old.question, old.chips);
    const place = indexOf(old.insteadOf);
    const at = place < 0 ? indexOf(turnId) : place;
    const replaced = chat.turns
      .splice(at, Infinity, turn)
      .filter((one) => place < 0 || one !== old);
    if (at === 0) {
      chat.title = titleOf(turn.question);
    }
    this.listener.onChat();
    await this.answer(turn);
    if (turn.answer === '' && turn.state !== 'done' && chat.turns.at(-1) === turn) {
      this.takeBack(chat, turn, { title, replaced });
    }
  }

  /** Nothing came of asking again: what it was to replace is not lost for that, nor are other words. */
  private takeBack(
    chat: StoredChat,
    turn: StoredTurn,
    { title, replaced }: { title: string; replaced: StoredTurn[] },
  ): void {
    const [old] = replaced;
    if (old === undefined || replaced.every(({ answer }) => answer === '')) {
      return;
    }
    const isSame = turn.question === old.question;
    if (isSame && turn.problem !== undefined) {
      warn(old, turn.problem);
    }
    chat.turns.splice(-1, 1, ...replaced, ...(isSame ? [] : [turn]));
    if (!isSame) {
      turn.insteadOf = old.id;
      replaced.forEach((one) => (one.canContinue = false));
    }
    chat.title = title;
    this.history.save(chat);
    if (chat === this.current) {
      this.listener.onChat();
    }
  }

  /** Goes on with an answer that ended early. */
  async goOn(turnId: string): Promise<void> {
    const turn = this.current.turns.at(-1);
    if (this.answering === undefined && turn?.id === turnId && turn.canContinue) {
      await this.answer(turn);
    }
  }

  /** Stops the answer in progress; what is written stays. Resolves when the server has let go. */
  async stop(): Promise<void> {
    const { answering } = this;
    answering?.cancel.cancel();
    await answering?.done;
  }

  /** Leaves a chat that was deleted, and frees what the server holds of it. */
  async forget(id: string): Promise<void> {
    if (id === this.current.id) {
      await this.show(this.current.folder);
    }
    if (this.server.state === 'running') {
      // The log tells when it fails; the server frees what it needs.
      await this.server.request(chatClose, { chat: id }).catch(() => undefined);
    }
  }

  dispose(): void {
    this.answering?.cancel.cancel();
    this.preparing?.cancel();
    this.subscriptions.forEach((subscription) => void subscription.dispose());
  }

  private asked(
    question: string,
    chips: readonly StoredChip[],
    before: readonly StoredTurn[],
  ): z.infer<typeof chatPrepare.params> {
    const { id, folder } = this.current;
    return {
      chat: id,
      folder,
      question,
      context: contextOf(chips),
      earlier: before
        .filter(({ answer }) => answer !== '')
        .map(({ id: turn, question: before, answer }) => ({ turn, question: before, answer })),
      maxTokens: answerTokens(),
    };
  }

  private answer(turn: StoredTurn): Promise<void> {
    const cancel = new vscode.CancellationTokenSource();
    const answering: Answering = {
      turn,
      cancel,
      sequence: 0,
      cited: Promise.resolve([]),
      done: Promise.resolve(),
    };
    this.answering = answering;
    turn.state = 'waiting';
    turn.canContinue = false;
    delete turn.problem;
    this.changed(turn);
    answering.done = this.request(answering).finally(() => {
      cancel.dispose();
      if (this.answering === answering) {
        this.answering = undefined;
      }
      this.changed(turn);
    });
    return answering.done;
  }

  private async request(answering: Answering): Promise<void> {
    const { turn, cancel } = answering;
    const { turns } = this.current;
    const start = turn.answer;
    try {
      const result = await this.server.request(
        chatAsk,
        {
          ...this.asked(turn.question, turn.chips, turns.slice(0, turns.indexOf(turn))),
          turn: turn.id,
          ...(start === '' ? {} : { answerStart: start }),
        },
        cancel.token,
      );
      await this.finish(answering, start, result);
    } catch (error) {
      if (cancel.token.isCancellationRequested) {
        turn.state = 'stopped';
      } else {
        turn.state = 'failed';
        turn.problem = sentenceOf(error);
      }
      turn.canContinue = turn.answer !== '';
    }
  }

  private async finish(answering: Answering, start: string, result: ChatAnswer): Promise<void> {
    const { turn } = answering;
    const { answer, reason, sources } = result;
    turn.state = reason === 'cancelled' ? 'stopped' : 'done';
    turn.canContinue = (reason === 'cancelled' || reason === 'length') && turn.answer !== '';
    if (start === '') {
      turn.answer = answer;
    }
    turn.details = detailsOf(result);
    if (sources.length > 0) {
      turn.sources = await this.hashed(sources, await answering.cited);
    }
  }

  private receive(
    answering: Answering,
    sequence: number,
    event: Parameters<Parameters<Server['onDidStream']>[0]>[0]['event'],
  ): void {
    const { turn } = answering;
    if (sequence < answering.sequence) {
      return;
    }
    answering.sequence = sequence + 1;
    switch (event.type) {
      case 'sources':
        if (event.sources.length > 0) {
          void this.citeEarly(answering, event.sources);
        }
        break;
      case 'warning':
        warn(turn, event.message);
        this.changed(turn);
        break;
      case 'text': {
        const offset = turn.answer.length;
        turn.answer += event.text;
        if (turn.state === 'streaming') {
          this.save();
          this.listener.onText(turn, offset, event.text);
        } else {
          turn.state = 'streaming';
          this.changed(turn);
        }
      }
    }
  }

  /** The passages as they were chosen; the finished answer weighs them anew. */
  private async citeEarly(answering: Answering, sources: ChatAnswer['sources']): Promise<void> {
    const { turn } = answering;
    answering.cited = this.hashed(sources);
    const cited = await answering.cited;
    if (this.answering === answering && (turn.state === 'waiting' || turn.state === 'streaming')) {
      turn.sources = cited;
      this.changed(turn);
    }
  }

  /** On disk lies what the server has read, whatever an editor holds. */
  private hashed(
    sources: ChatAnswer['sources'],
    known: readonly StoredSource[] = [],
  ): Promise<StoredSource[]> {
    const { folder } = this.current;
    return withHashes(sources, (path) => textOnDisk(folder, path), known);
  }

  private save(): void {
    this.current.updated = Date.now();
    this.history.save(this.current);
  }

  private changed(turn: StoredTurn): void {
    this.save();
    if (this.current.turns.includes(turn)) {
      this.listener.onTurn(turn);
    }
  }
}

/** Asked for once more, an answer may have the same to say. */
function warn(turn: StoredTurn, sentence: string): void {
  turn.warnings = [...turn.warnings.filter((other) => other !== sentence), sentence];
}
