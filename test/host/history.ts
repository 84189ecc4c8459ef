import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { History } from '../../extension/chat/history.js';
import { newChat, type StoredChat, type StoredTurn } from '../../extension/chat/storedChat.js';

describe('the history of chats', () => {
  let folder: string;
  let history: History;
  const log = vscode.window.createOutputChannel('history test', { log: true });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leoam-history-'));
    history = new History(folder, () => 2, log);
  });

  afterEach(async () => {
    await history.flush();
    await rm(folder, { recursive: true });
  });

  after(() => log.dispose());

  it('gives back what was saved, and finds it by words of an answer', async () => {
    const chat = chatAbout('baskets', 'It holds 37 items.');
    history.save(chat);
    await history.flush();
    assert.deepEqual(await new History(folder, () => 2, log).open(chat.id), chat);
    assert.equal((await history.list('37 ITEMS')).length, 1);
    assert.equal((await history.list('candles')).length, 0);
  });

  it('keeps the newest and drops the others', async () => {
    for (const [age, name] of ['newest', 'middle', 'oldest'].entries()) {
      history.save({ ...chatAbout(name, 'x'), updated: 1000 - age });
    }
    assert.deepEqual(
      (await history.list()).map(({ title }) => title),
      ['newest', 'middle'],
    );
    assert.equal((await readdir(folder)).length, 2);
  });

  it('leaves out a damaged file, leaves it where it is, and goes on', async () => {
    const chat = chatAbout('baskets', 'x');
    history.save(chat);
    await history.flush();
    await writeFile(join(folder, 'damaged.json'), '{"version":1,');
    assert.equal((await history.list()).length, 1);
    assert.equal(await readFile(join(folder, 'damaged.json'), 'utf8'), '{"version":1,');
  });

  it('shows an answer that a crash interrupted as one that can go on', async () => {
    const chat = chatAbout('baskets', 'It holds');
    chat.turns.forEach((turn) => (turn.state = 'streaming'));
    history.save(chat);
    await history.flush();
    const opened = await new History(folder, () => 2, log).open(chat.id);
    assert.equal(opened?.turns[0]?.state, 'failed');
    assert.equal(opened.turns[0].canContinue, true);
    assert.notEqual(opened.turns[0].problem, undefined);
  });

  it('deletes a chat that is not yet written, too', async () => {
    const chat = chatAbout('baskets', 'x');
    history.save(chat);
    await history.delete(chat.id);
    await history.flush();
    assert.deepEqual(await readdir(folder), []);
  });
});

function chatAbout(title: string, answer: string): StoredChat {
  const turn: StoredTurn = {
    id: 'turn',
    question: title,
    chips: [],
    state: 'done',
    answer,
    sources: [],
    warnings: [],
    canContinue: false,
  };
  return { ...newChat('file:///folder'), title, turns: [turn] };
}
