import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatViewOptions } from '../../../extension/chat/chatView.js';
import type { StoredChip } from '../../../extension/chat/storedChat.js';
import type { FromView, ToView } from '../../../extension/shared/messages.js';
import { answerOf, FakeServer, settled } from './chatFixtures.js';
import { shownMessages } from './vscodeStub.js';

const { ChatView } = await import('../../../extension/chat/chatView.js');
const { History } = await import('../../../extension/chat/history.js');
const { Uri } = await import('vscode');

type PageView = Parameters<InstanceType<typeof ChatView>['resolveWebviewView']>[0];

describe('the chat view', () => {
  let folder: string;
  let server: FakeServer;
  let view: InstanceType<typeof ChatView>;
  let history: ChatViewOptions['history'];
  let shown: ToView[];
  let say: (message: unknown) => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leoam-view-'));
    server = new FakeServer();
    history = new History(join(folder, 'chats'), () => 10, {
      error: () => undefined,
      warn: () => undefined,
    });
    shown = [];
    view = new ChatView({
      server: Object.assign(server.used, { start: () => Promise.resolve() }),
      history,
      extension: Uri.parse('file:///extension'),
      memory: { get: () => undefined, update: () => Promise.resolve() },
      applyCode: () => Promise.reject(new Error('It cannot be applied.')),
      runAction: () => undefined,
    } as unknown as ChatViewOptions);
    view.resolveWebviewView(pageView());
    await tell({ type: 'ready' });
  });

  afterEach(async () => {
    view.dispose();
    await history.flush();
    await rm(folder, { recursive: true });
  });

  it('goes on with an answer in progress when its chat is opened from the list', async () => {
    await tell({ type: 'ask', question: 'What?' });
    const { params, answer } = server.latest('leoam/chat/ask');
    server.send({ type: 'text', text: 'It ' });
    await tell({ type: 'openChat', chatId: String(params['chat']) });
    const turns = latest('chat').chat.turns;
    assert.deepEqual([turns[0]?.state, turns[0]?.answer], ['streaming', 'It ']);
    server.send({ type: 'text', text: 'is.' });
    answer(answerOf('It is.'));
    await settled();
    assert.deepEqual([latest('turn').turn.state, latest('turn').turn.answer], ['done', 'It is.']);
  });

  it('names the folder that a chat is about where the window has several', async () => {
    assert.equal(latest('chat').chat.folder, 'a');
    const { workspace } = await import('vscode');
    const all = [...(workspace.workspaceFolders ?? [])];
    const window = workspace as { workspaceFolders: unknown };
    window.workspaceFolders = all.slice(0, 1);
    await tell({ type: 'ready' });
    window.workspaceFolders = all;
    assert.equal(latest('chat').chat.folder, undefined);
  });

  it('offers under a failed turn what helps now: a model, or another try', async () => {
    await tell({ type: 'ask', question: 'What?' });
    server.latest('leoam/chat/ask').fail('It failed.');
    await settled();
    assert.deepEqual(offered(), ['retry', 'showLog']);
    server.becomes('noModel');
    assert.deepEqual(offered(), ['fetchModel', 'chooseModel']);
    server.becomes('ready');
    assert.deepEqual(offered(), ['retry', 'showLog']);
  });

  it('shows what went wrong with a request of the page', async () => {
    await tell({ type: 'applyCode', turnId: 'none', code: 'x' });
    assert.equal(shownMessages.at(-1), 'It cannot be applied.');
  });

  it('takes no name of a chat that could be a path', async () => {
    const file = join(folder, 'settings.json');
    await writeFile(file, '{}');
    say({ type: 'deleteChat', chatId: '../settings' });
    await sleep(50);
    assert.equal(await readFile(file, 'utf8'), '{}');
  });

  it('starts a chat about another folder for code that lies there, and says so', async () => {
    await tell({ type: 'ask', question: 'What?' });
    server.latest('leoam/chat/ask').answer(answerOf('That.'));
    await settled();
    const asked = view.ask('Explain', [selectionIn('file:///b')]);
    await settled();
    const { params, answer } = server.latest('leoam/chat/ask');
    assert.equal(params['folder'], 'file:///b');
    assert.match(shownMessages.at(-1) ?? '', /a new one about b\./u);
    answer(answerOf('This.'));
    await asked;
    assert.equal((await history.list()).length, 2);
  });

  it('asks about what is added beside the question in the folder that it lies in', async () => {
    const before = shownMessages.length;
    await view.addChips([selectionIn('file:///b')]);
    assert.equal(latest('chips').chips.length, 1);
    await tell({ type: 'ask', question: 'What?' });
    assert.equal(server.latest('leoam/chat/ask').params['folder'], 'file:///b');
    assert.equal(shownMessages.length, before);
  });

  async function tell(message: FromView): Promise<void> {
    say(message);
    await settled();
  }

  function latest<Type extends ToView['type']>(type: Type): Extract<ToView, { type: Type }> {
    const found = shown.filter((message) => message.type === type).at(-1);
    assert.ok(found, type);
    return found as Extract<ToView, { type: Type }>;
  }

  function offered(): string[] {
    return (latest('turn').turn.problem?.actions ?? []).map(({ id }) => id);
  }

  function pageView(): PageView {
    const webview = {
      cspSource: '',
      asWebviewUri: String,
      onDidReceiveMessage: (listener: typeof say) => (say = listener),
      postMessage: (message: ToView) => shown.push(message),
    };
    return { webview, onDidDispose: () => undefined } as unknown as PageView;
  }
});

function selectionIn(folder: string): StoredChip {
  const lines = { startLine: 1, endLine: 1, text: 'x' };
  return { id: crypto.randomUUID(), kind: 'selection', path: 'a.ts', folder, ...lines };
}
