// The chat in the sidebar: shows a ChatSession and does what the user asks for in it. The view
// can be thrown away and made again at any time: all that it shows is here.

import * as vscode from 'vscode';
import { filesFind } from '../../server/protocol/files.js';
import { distinctName, folderOf } from '../folders.js';
import { buttons } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';
import type { Evidence } from '../tiers/evidenceLines.js';
import type { Action, FromView } from '../shared/messages.js';
import { ChatSession } from './chatSession.js';
import { openEditorChips, problemOf } from './chips.js';
import type { History } from './history.js';
import { NextChips } from './nextChips.js';
import { OutdatedSources } from './outdatedSources.js';
import { Page } from './page.js';
import { newChat, viewOfChat, viewOfTurn, type StoredChip, type StoredTurn } from './storedChat.js';
import { useContent, type ApplyCode } from './turnContents.js';

export interface ChatViewOptions {
  server: Server;
  history: History;
  extension: vscode.Uri;
  /** Remembers between windows which chat is shown. */
  memory: vscode.Memento;
  applyCode: ApplyCode;
  runAction(id: Action['id']): void;
}

const shownChatKey = 'leoam.shownChat';
const suggestionCount = 12;

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  private session: ChatSession | undefined;
  private readonly page: Page;
  private readonly chips: NextChips;
  private readonly outdated: OutdatedSources;
  private readonly subscriptions: vscode.Disposable[];
  /** It decides what is offered under a turn that failed. */
  private lacksModel = false;

  constructor(private readonly options: ChatViewOptions) {
    const { server } = options;
    this.page = new Page(options.extension, (message) => this.handle(message));
    this.chips = new NextChips(server, () => this.showChips());
    this.outdated = new OutdatedSources(
      () => this.session?.chat,
      () => this.showTurns(),
    );
    this.subscriptions = [
      this.outdated,
      server.onDidChange(() => this.showStatus()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.showStatus();
        this.showChat(); // its folder may have to be named now
      }),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.page.load(view);
    if (folderOf() !== undefined) {
      this.options.server.start().catch(() => undefined); // the status tells
    }
  }

  /** What the last answer of the shown chat rests on. */
  get evidence(): Evidence | undefined {
    const { chat } = this.session ?? {};
    const turn = chat?.turns.filter(({ sources }) => sources.length > 0).at(-1);
    return chat && turn && { folder: chat.folder, time: chat.updated, sources: turn.sources };
  }

  /** Shows the view with the cursor in the question. */
  async focus(text?: string): Promise<void> {
    await vscode.commands.executeCommand('leoam.chat.focus');
    this.page.post({ type: 'focusQuestion', ...(text === undefined ? {} : { text }) });
  }

  /** Puts them beside the next question; all are of one folder. */
  async addChips(chips: readonly StoredChip[]): Promise<void> {
    await this.sessionAbout(chips[0]?.folder);
    const problem = this.chips.add(chips);
    if (problem !== undefined) {
      void vscode.window.showWarningMessage(problem);
    }
    await this.focus();
  }

  /** Puts the files of all editors beside the next question, as far as they lie in one folder. */
  async addOpenEditors(): Promise<void> {
    const session = await this.sessionNow();
    const chips = openEditorChips(session?.chat.folder);
    if (chips.length === 0) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('No file of the open folder is in an editor.'),
      );
    }
    await this.addChips(chips);
  }

  /** Asks in the shown chat, as if it had been typed. */
  async ask(question: string, chips: StoredChip[] = []): Promise<void> {
    const problem = chips.map(problemOf).find((found) => found !== undefined);
    if (problem !== undefined) {
      void vscode.window.showWarningMessage(problem);
      return;
    }
    await this.focus();
    const session = await this.sessionAbout(chips[0]?.folder);
    await session?.stop();
    await session?.ask(question, chips);
  }

  async startNewChat(): Promise<void> {
    const folder = folderOf();
    const session = await this.sessionNow();
    if (folder !== undefined && session !== undefined) {
      await session.show(folder);
    }
    await this.focus();
  }

  async showHistory(): Promise<void> {
    await vscode.commands.executeCommand('leoam.chat.focus');
    this.page.post({ type: 'showChats' });
  }

  dispose(): void {
    this.session?.dispose();
    this.subscriptions.forEach((subscription) => void subscription.dispose());
  }

  private async handle(message: FromView): Promise<void> {
    if (message.type === 'ready') {
      return this.showAll();
    }
    if (message.type === 'action') {
      return this.act(message.id, message.turnId);
    }
    const session = await this.sessionNow();
    if (session === undefined) {
      this.showStatus();
      return;
    }
    const { history } = this.options;
    switch (message.type) {
      case 'ask':
        return session.ask(message.question, this.chips.take());
      case 'writing':
        return session.prepare(message.question, this.chips.all);
      case 'stop':
        return session.stop();
      case 'regenerate':
        return session.askAgain(message.turnId);
      case 'edit':
        return session.askAgain(message.turnId, message.question);
      case 'continue':
        return session.goOn(message.turnId);
      case 'newChat':
        return this.startNewChat();
      case 'listChats': {
        const chats = await history.list(message.query);
        this.page.post({ type: 'chats', query: message.query, chats });
        return;
      }
      case 'openChat': {
        if (message.chatId === session.chat.id) {
          return this.showChat();
        }
        const chat = await history.open(message.chatId);
        return chat === undefined ? undefined : session.show(chat);
      }
      case 'deleteChat':
        await history.delete(message.chatId);
        return session.forget(message.chatId);
      case 'suggest':
        return this.suggest(session, message.query);
      case 'addContext': {
        const path = message.path.replace(/\/$/u, '');
        const { folder } = session.chat;
        return this.addChips([{ id: crypto.randomUUID(), kind: message.kind, path, folder }]);
      }
      case 'addOpenEditors':
        return this.addOpenEditors();
      case 'removeChip':
        return this.chips.remove(message.id);
      default:
        return useContent(message, session.chat, this.options.applyCode);
    }
  }

  private async act(id: Action['id'], turnId: string | undefined): Promise<void> {
    if (id === 'retry' && turnId !== undefined) {
      await (await this.sessionNow())?.askAgain(turnId);
    } else {
      this.options.runAction(id);
    }
  }

  private async suggest(session: ChatSession, query: string): Promise<void> {
    try {
      const items = await this.options.server.request(filesFind, {
        folder: session.chat.folder,
        query,
        limit: suggestionCount,
      });
      this.page.post({ type: 'suggestions', query, items });
    } catch {
      this.page.post({ type: 'suggestions', query, items: [] }); // the status tells why
    }
  }

  /** The shown chat; the one of the last window at first. Undefined without a folder. */
  private async sessionNow(): Promise<ChatSession | undefined> {
    const folder = folderOf();
    if (this.session !== undefined || folder === undefined) {
      return this.session;
    }
    const { server, history, memory } = this.options;
    const shown = memory.get<string>(shownChatKey);
    const kept = shown === undefined ? undefined : await history.open(shown);
    this.session ??= new ChatSession(kept ?? newChat(folder), server, history, {
      onChat: () => {
        this.showChat();
        this.chips.keepThoseOf(this.session?.chat.folder ?? folder);
        void this.outdated.check();
      },
      onTurn: (turn) => {
        this.showTurn(turn);
        this.outdated.checkSoon();
      },
      onText: (turn, offset, text) => {
        const { chat } = this.session ?? {};
        if (chat !== undefined) {
          this.page.post({ type: 'text', chatId: chat.id, turnId: turn.id, offset, text });
        }
      },
    });
    return this.session;
  }

  /** The shown chat; a new one where that is about another folder of the workspace. */
  private async sessionAbout(folder: string | undefined): Promise<ChatSession | undefined> {
    const session = await this.sessionNow();
    if (session === undefined || folder === undefined || session.chat.folder === folder) {
      return session;
    }
    const hadTurns = session.chat.turns.length > 0;
    await session.show(folder);
    if (hadTurns) {
      const name = vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(folder))?.name ?? folder;
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          'A chat is about one folder: this is a new one about {0}. The one before is in the list of chats.',
          name,
        ),
      );
    }
    return session;
  }

  private async showAll(): Promise<void> {
    this.page.start();
    this.showStatus();
    if ((await this.sessionNow()) !== undefined) {
      this.showChat();
    }
    this.showChips();
    this.page.sendWaiting();
    await this.outdated.check();
  }

  private showChat(): void {
    if (this.session !== undefined) {
      const { chat } = this.session;
      void this.options.memory.update(shownChatKey, chat.id);
      const folder = distinctName(chat.folder);
      const shown = viewOfChat(chat, this.viewOptions());
      this.page.post({
        type: 'chat',
        chat: { ...shown, ...(folder === undefined ? {} : { folder }) },
      });
    }
  }

  private showStatus(): void {
    if (!this.page.isReady) {
      return;
    }
    const { server } = this.options;
    this.page.post({ type: 'status', status: statusView(server) });
    const lacksModel = server.status?.state === 'noModel';
    if (lacksModel !== this.lacksModel) {
      this.lacksModel = lacksModel;
      this.showTurns();
    }
  }

  private showChips(): void {
    this.page.post({ type: 'chips', chips: this.chips.shown });
  }

  private viewOptions(): Parameters<typeof viewOfTurn>[1] {
    return {
      isOutdated: (source) => this.outdated.has(source),
      actions: buttons(this.lacksModel ? ['fetchModel', 'chooseModel'] : ['retry', 'showLog']),
    };
  }

  private showTurns(): void {
    this.session?.chat.turns.forEach((turn) => this.showTurn(turn));
  }

  private showTurn(turn: StoredTurn): void {
    const { chat } = this.session ?? {};
    if (chat !== undefined) {
      this.page.post({ type: 'turn', chatId: chat.id, turn: viewOfTurn(turn, this.viewOptions()) });
    }
  }
}
