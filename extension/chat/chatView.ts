// The chat in the sidebar: shows a ChatSession and does what the user asks for in it. The view
// can be thrown away and made again at any time: all that it shows is here.

import * as vscode from 'vscode';
import { filesFind } from '../../server/protocol/files.js';
import { folderOf } from '../folders.js';
import { buttons } from '../server/problems.js';
import type { Server } from '../server/server.js';
import { statusView } from '../server/statusView.js';
import { fromView, type Action, type FromView, type ToView } from '../shared/messages.js';
import { viewStrings } from '../shared/strings.js';
import { ChatSession } from './chatSession.js';
import { pathChip } from './chips.js';
import { openLines } from './citedLines.js';
import { copyCode, insertCode, openAsNewFile } from './codeActions.js';
import type { History } from './history.js';
import { chatHtml, viewFolder } from './html.js';
import { NextChips } from './nextChips.js';
import { OutdatedSources } from './outdatedSources.js';
import { newChat, viewOfChat, viewOfTurn, type StoredChip } from './storedChat.js';

export interface ChatViewOptions {
  server: Server;
  history: History;
  extension: vscode.Uri;
  /** Remembers between windows which chat is shown. */
  memory: vscode.Memento;
  applyCode(
    folder: string,
    code: string,
    chips: readonly StoredChip[],
    paths: string[],
  ): Promise<void>;
  runAction(id: Action['id']): void;
}

const shownChatKey = 'leoam.shownChat';
const suggestionCount = 12;

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private session: ChatSession | undefined;
  private readonly chips: NextChips;
  private readonly outdated: OutdatedSources;
  private readonly subscriptions: vscode.Disposable[];
  private afterReady: ToView[] = [];
  private isReady = false;

  constructor(private readonly options: ChatViewOptions) {
    const { server } = options;
    this.chips = new NextChips(server, () => this.showChips());
    this.outdated = new OutdatedSources(
      () => this.session?.chat,
      () => this.showTurns(),
    );
    this.subscriptions = [
      this.outdated,
      server.onDidChange(() => this.showStatus()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.showStatus()),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.isReady = false;
    const { webview } = view;
    webview.options = {
      enableScripts: true,
      enableCommandUris: false,
      localResourceRoots: [viewFolder(this.options.extension)],
    };
    webview.onDidReceiveMessage((raw: unknown) => {
      const message = fromView.safeParse(raw);
      if (message.success) {
        void this.handle(message.data);
      }
    });
    view.onDidDispose(() => {
      this.view = undefined;
      this.isReady = false;
    });
    webview.html = chatHtml(webview, this.options.extension);
    if (folderOf() !== undefined) {
      this.options.server.start().catch(() => undefined); // the status tells
    }
  }

  /** Shows the view with the cursor in the question. */
  async focus(text?: string): Promise<void> {
    await vscode.commands.executeCommand('leoam.chat.focus');
    this.post({ type: 'focusQuestion', ...(text === undefined ? {} : { text }) });
  }

  async addChip(chip: StoredChip): Promise<void> {
    this.chips.add(chip, folderOf());
    await this.focus();
  }

  /** Asks in the shown chat, as if it had been typed. */
  async ask(question: string, chips: StoredChip[] = []): Promise<void> {
    await this.focus();
    const session = await this.sessionNow();
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
    this.post({ type: 'showChats' });
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
        this.post({ type: 'chats', query: message.query, chats });
        return;
      }
      case 'openChat': {
        const chat = await history.open(message.chatId);
        return chat === undefined ? undefined : session.show(chat);
      }
      case 'deleteChat':
        await session.forget(message.chatId);
        return history.delete(message.chatId);
      case 'openSource': {
        const turn = session.chat.turns.find(({ id }) => id === message.turnId);
        const source = turn?.sources[message.index];
        const problem = source && (await openLines(session.chat.folder, source));
        if (problem !== undefined) {
          void vscode.window.showWarningMessage(problem);
        }
        return;
      }
      case 'copyCode':
        return copyCode(message.code);
      case 'insertCode':
        return insertCode(message.code);
      case 'newFile':
        return openAsNewFile(message.code, message.language);
      case 'applyCode': {
        const turn = session.chat.turns.find(({ id }) => id === message.turnId);
        const paths = (turn?.sources ?? []).map(({ path }) => path);
        return this.options.applyCode(session.chat.folder, message.code, turn?.chips ?? [], paths);
      }
      case 'suggest':
        return this.suggest(session, message.query);
      case 'addContext':
        return this.addChip(pathChip(message.kind, message.path.replace(/\/$/u, '')));
      case 'removeChip':
        this.chips.remove(message.id);
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
      this.post({ type: 'suggestions', query, items });
    } catch {
      this.post({ type: 'suggestions', query, items: [] }); // the status tells why
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
      onChat: () => this.showChat(),
      onTurn: (turn) => {
        const { chat } = this.session ?? {};
        if (chat !== undefined) {
          this.post({ type: 'turn', chatId: chat.id, turn: viewOfTurn(turn, this.viewOptions()) });
        }
      },
      onText: (turn, offset, text) => {
        const { chat } = this.session ?? {};
        if (chat !== undefined) {
          this.post({ type: 'text', chatId: chat.id, turnId: turn.id, offset, text });
        }
      },
    });
    return this.session;
  }

  private async showAll(): Promise<void> {
    this.isReady = true;
    const strings = Object.fromEntries(
      Object.entries(viewStrings).map(([key, text]) => [key, vscode.l10n.t(text)]),
    );
    this.post({ type: 'strings', strings });
    if ((await this.sessionNow()) !== undefined) {
      this.showChat();
    }
    this.showStatus();
    this.showChips();
    this.afterReady.splice(0).forEach((message) => this.post(message));
    await this.outdated.check();
  }

  private showChat(): void {
    if (this.session !== undefined) {
      const { chat } = this.session;
      void this.options.memory.update(shownChatKey, chat.id);
      this.post({ type: 'chat', chat: viewOfChat(chat, this.viewOptions()) });
    }
  }

  private showStatus(): void {
    if (this.isReady) {
      this.post({ type: 'status', status: statusView(this.options.server) });
    }
  }

  private showChips(): void {
    this.post({ type: 'chips', chips: this.chips.shown });
  }

  private viewOptions(): Parameters<typeof viewOfTurn>[1] {
    return {
      isOutdated: (source) => this.outdated.has(source),
      actions: buttons(
        this.options.server.status?.state === 'noModel'
          ? ['fetchModel', 'chooseModel']
          : ['retry', 'showLog'],
      ),
    };
  }

  private showTurns(): void {
    const { chat } = this.session ?? {};
    chat?.turns.forEach((turn) =>
      this.post({ type: 'turn', chatId: chat.id, turn: viewOfTurn(turn, this.viewOptions()) }),
    );
  }

  private post(message: ToView): void {
    if (this.isReady) {
      void this.view?.webview.postMessage(message);
    } else if (message.type === 'focusQuestion' || message.type === 'showChats') {
      this.afterReady.push(message);
    }
  }
}
