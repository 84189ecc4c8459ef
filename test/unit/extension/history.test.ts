import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredChat } from '../../../extension/chat/storedChat.js';
import './vscodeStub.js';

const { History } = await import('../../../extension/chat/history.js');
const { newChat, newTurn } = await import('../../../extension/chat/storedChat.js');

const log = { error: () => undefined, warn: () => undefined };

describe('chats on disk', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leoam-history-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('are written while an answer streams without a pause', async () => {
    const history = new History(folder, () => 10, log);
    const chat = chatWith('It holds');
    let isWritten = false;
    for (let piece = 0; piece < 100 && !isWritten; piece++) {
      history.save(chat);
      await sleep(20);
      isWritten = (await readdir(folder)).includes(`${chat.id}.json`);
    }
    assert.ok(isWritten);
    await history.flush();
  });

  it('are written with what was added after the first call', async () => {
    const history = new History(folder, () => 10, log);
    const chat = chatWith('It');
    history.save(chat);
    chat.turns.forEach((turn) => (turn.answer += ' holds'));
    history.save(chat);
    await history.flush();
    assert.match(await readFile(join(folder, `${chat.id}.json`), 'utf8'), /It holds/u);
  });

  it('stay deleted although their answer is still being written', async () => {
    const history = new History(folder, () => 10, log);
    const chat = chatWith('It holds');
    history.save(chat);
    await history.delete(chat.id);
    history.save(chat);
    await history.flush();
    assert.deepEqual(await readdir(folder), []);
  });

  it('are kept again when one goes on that was dropped for its age', async () => {
    const history = new History(folder, () => 1, log);
    const old = { ...chatWith('old'), updated: 1 };
    history.save(old);
    history.save(chatWith('new'));
    assert.equal((await history.list()).length, 1);
    history.save({ ...old, updated: Date.now() + 1000 });
    const [first] = await history.list();
    assert.equal(first?.id, old.id);
  });
});

function chatWith(answer: string): StoredChat {
  return { ...newChat('file:///a'), turns: [{ ...newTurn('How many?', []), answer }] };
}
