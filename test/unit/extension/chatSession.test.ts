import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ChatSession as Session } from '../../../extension/chat/chatSession.js';
import { answerOf, FakeServer, settled } from './chatFixtures.js';
import { configure, editUnsaved } from './vscodeStub.js';

const { ChatSession } = await import('../../../extension/chat/chatSession.js');
const { newChat } = await import('../../../extension/chat/storedChat.js');

describe('the shown chat', () => {
  let folder: string;
  let server: FakeServer;
  let session: Session;
  let saves: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leoam-session-'));
    await writeFile(join(folder, 'a.ts'), 'one\ntwo\n');
    server = new FakeServer();
    saves = [];
    const history = {
      save: () => void saves.push(session.chat.turns.at(-1)?.answer ?? ''),
    };
    const listener = { onChat: () => undefined, onTurn: () => undefined, onText: () => undefined };
    session = new ChatSession(newChat(uri()), server.used, history, listener);
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('is saved with every piece of an answer, not only when its state changes', async () => {
    const asked = session.ask('What?', []);
    server.send({ type: 'text', text: 'It ' });
    server.send({ type: 'text', text: 'is ' });
    assert.equal(saves.at(-1), 'It is ');
    server.latest('leoam/chat/ask').answer(answerOf('It is so.'));
    await asked;
  });

  it('goes on with the last answer only', async () => {
    await answered('One', answerOf('Half', { reason: 'length' }), 'Half');
    assert.equal(session.chat.turns[0]?.canContinue, true);
    await answered('Two', answerOf('Whole'), 'Whole');
    assert.deepEqual(
      session.chat.turns.map(({ canContinue }) => canContinue),
      [false, false],
    );
  });

  it('shows why an answer failed in the words that it was told', async () => {
    const asked = session.ask('What?', []);
    server.latest('leoam/chat/ask').fail('LeoAM ended while it was at work.');
    await asked;
    assert.equal(session.chat.turns[0]?.problem, 'LeoAM ended while it was at work.');
  });

  it('keeps what was to be replaced when asking again fails', async () => {
    await answered('One', answerOf('So.'), 'So.');
    await answered('Two', answerOf('And so.'), 'And so.');
    const again = session.askAgain(session.chat.turns[0]?.id ?? '');
    await settled();
    assert.deepEqual(questions(), ['One']);
    server.latest('leoam/chat/ask').fail('no');
    await again;
    assert.deepEqual(questions(), ['One', 'Two']);
    assert.deepEqual(session.chat.turns[0]?.warnings, ['no']);
    assert.equal(session.chat.title, 'One');
  });

  it('keeps it as well when asking again is given up before the first word', async () => {
    await answered('One', answerOf('So.'), 'So.');
    const again = session.askAgain(session.chat.turns[0]?.id ?? '');
    await settled();
    const stopped = session.stop();
    server.latest('leoam/chat/ask').fail('cancelled');
    await Promise.all([again, stopped]);
    assert.deepEqual(questions(), ['One']);
    assert.equal(session.chat.turns[0]?.answer, 'So.');
    assert.deepEqual(session.chat.turns[0]?.warnings, []);
  });

  it('shows the latest failure alone where there was no answer before', async () => {
    const asked = session.ask('One', []);
    server.latest('leoam/chat/ask').fail('first');
    await asked;
    const again = session.askAgain(session.chat.turns[0]?.id ?? '');
    await settled();
    server.latest('leoam/chat/ask').fail('second');
    await again;
    assert.deepEqual(questions(), ['One']);
    assert.equal(session.chat.turns[0]?.problem, 'second');
    assert.deepEqual(session.chat.turns[0]?.warnings, []);
  });

  it('keeps other words as well when asking with them fails', async () => {
    await answered('One', answerOf('So.'), 'So.');
    const again = session.askAgain(session.chat.turns[0]?.id ?? '', 'Uno');
    await settled();
    server.latest('leoam/chat/ask').fail('no');
    await again;
    assert.deepEqual(questions(), ['One', 'Uno']);
    assert.equal(session.chat.turns[1]?.problem, 'no');
    assert.equal(session.chat.title, 'One');
  });

  it('asks with other words in the place of the old ones, also once more', async () => {
    await answered('One', answerOf('So.'), 'So.');
    await answered('Two', answerOf('And so.'), 'And so.');
    const changed = session.askAgain(session.chat.turns[0]?.id ?? '', 'Uno');
    await settled();
    server.latest('leoam/chat/ask').fail('no');
    await changed;
    const failing = session.askAgain(session.chat.turns[2]?.id ?? '');
    await settled();
    assert.deepEqual(questions(), ['Uno']);
    server.latest('leoam/chat/ask').fail('no again');
    await failing;
    assert.deepEqual(questions(), ['One', 'Two', 'Uno']);
    assert.equal(session.chat.turns[2]?.problem, 'no again');

    const again = session.askAgain(session.chat.turns[2]?.id ?? '');
    await settled();
    server.latest('leoam/chat/ask').answer(answerOf('So, too.'));
    await again;
    assert.deepEqual(questions(), ['Uno']);
    assert.equal(session.chat.title, 'Uno');
  });

  it('replaces nothing that the chat has gone on from', async () => {
    await answered('One', answerOf('So.'), 'So.');
    const changed = session.askAgain(session.chat.turns[0]?.id ?? '', 'Uno');
    await settled();
    server.latest('leoam/chat/ask').fail('no');
    await changed;
    await answered('Two', answerOf('And so.'), 'And so.');
    const again = session.askAgain(session.chat.turns[1]?.id ?? '');
    await settled();
    server.latest('leoam/chat/ask').answer(answerOf('So, too.'));
    await again;
    assert.deepEqual(questions(), ['One', 'Uno']);
  });

  it('replaces turns where the new answer has begun', async () => {
    await answered('One', answerOf('So.'), 'So.');
    await answered('Two', answerOf('And so.'), 'And so.');
    const again = session.askAgain(session.chat.turns[0]?.id ?? '');
    await settled();
    server.send({ type: 'text', text: 'Half' });
    server.latest('leoam/chat/ask').fail('no');
    await again;
    assert.deepEqual(questions(), ['One']);
  });

  it('remembers cited lines as they were on disk when they were chosen', async () => {
    const source = { path: 'a.ts', startLine: 1, endLine: 1, weight: 1 };
    const close = editUnsaved(`${uri()}/a.ts`, 'unsaved\n');
    const asked = session.ask('What?', []);
    server.send({ type: 'sources', sources: [source] });
    await settledSources();
    const early = session.chat.turns[0]?.sources[0]?.linesHash;
    close();

    await writeFile(join(folder, 'a.ts'), 'changed\ntwo\n');
    const other = { ...source, startLine: 2, endLine: 2 };
    const sources = [{ ...source, weight: 0.5 }, other];
    server.latest('leoam/chat/ask').answer(answerOf('So.', { sources }));
    await asked;
    const [first, second] = session.chat.turns[0]?.sources ?? [];
    assert.equal(first?.linesHash, early);
    assert.equal(first?.weight, 0.5);

    await writeFile(join(folder, 'a.ts'), 'one\ntwo\n');
    await answered('Again', answerOf('So.', { sources }), '');
    const again = session.chat.turns[1]?.sources ?? [];
    assert.deepEqual(
      again.map(({ linesHash }) => linesHash),
      [early, second?.linesHash],
    );
  });

  it('is left when it is deleted, also when the server cannot close it', async () => {
    await answered('One', answerOf('So.'), 'So.');
    const { id } = session.chat;
    const forgotten = session.forget(id);
    await settled();
    server.latest('leoam/chat/close').fail('no');
    await forgotten;
    assert.notEqual(session.chat.id, id);
    assert.equal(session.chat.turns.length, 0);
  });

  it('has a question prepared while it is written, with what it would be asked with', async () => {
    await answered('One', answerOf('So.'), 'So.');
    const prepared = session.prepare('What then?', []);
    const { params, fail } = server.latest('leoam/chat/prepare');
    fail('no');
    await prepared; // the question itself will tell
    const asked = session.ask('What then?', []);
    const { turn, ...same } = server.latest('leoam/chat/ask').params;
    assert.equal(turn, session.chat.turns[1]?.id);
    assert.deepEqual(params, same);
    server.latest('leoam/chat/ask').answer(answerOf('So.'));
    await asked;
  });

  it('has nothing prepared during an answer, or where that is switched off', async () => {
    const asked = session.ask('One', []);
    await session.prepare('What then?', []);
    server.latest('leoam/chat/ask').answer(answerOf('So.'));
    await asked;
    configure('chat.prepareWhileTyping', false);
    await session.prepare('What then?', []);
    configure('chat.prepareWhileTyping', true);
    assert.ok(server.asked.every(({ method }) => method !== 'leoam/chat/prepare'));
  });

  function questions(): string[] {
    return session.chat.turns.map(({ question }) => question);
  }

  async function answered(
    question: string,
    answer: ReturnType<typeof answerOf>,
    streamed: string,
  ): Promise<void> {
    const asked = session.ask(question, []);
    server.send({ type: 'text', text: streamed });
    server.latest('leoam/chat/ask').answer(answer);
    await asked;
  }

  async function settledSources(): Promise<void> {
    while (session.chat.turns.at(-1)?.sources.length === 0) {
      await settled();
    }
  }

  function uri(): string {
    return pathToFileURL(folder).toString();
  }
});
