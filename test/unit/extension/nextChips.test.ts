import assert from 'node:assert/strict';
import { chatCountTokens, contextItem, chatAsk } from '../../../server/protocol/chat.js';
import { maxChips, maxSelectionLength } from '../../../extension/chat/limits.js';
import type { StoredChip } from '../../../extension/chat/storedChat.js';
import { FakeServer, settled } from './chatFixtures.js';
import './vscodeStub.js';

const { NextChips } = await import('../../../extension/chat/nextChips.js');
const { contextOf } = await import('../../../extension/chat/chips.js');

function chip(changed: Partial<StoredChip> = {}): StoredChip {
  const id = crypto.randomUUID();
  return { id, kind: 'file', path: 'a.ts', folder: 'file:///a', ...changed };
}

function selection(text: string): StoredChip {
  return chip({ kind: 'selection', startLine: 1, endLine: 2, text });
}

describe('what stands beside the next question', () => {
  let server: FakeServer;
  let chips: InstanceType<typeof NextChips>;

  beforeEach(() => {
    server = new FakeServer();
    chips = new NextChips(server.used, () => undefined);
  });

  it('is the newer text where the same lines are selected again', () => {
    chips.add([selection('old'), chip({ path: 'b.ts' })]);
    chips.add([selection('new')]);
    assert.deepEqual(
      chips.take().map(({ path, text }) => [path, text]),
      [
        ['a.ts', 'new'],
        ['b.ts', undefined],
      ],
    );
  });

  it('is not twice the same', () => {
    chips.add([chip(), chip(), selection('same'), selection('same')]);
    assert.equal(chips.shown.length, 2);
  });

  it('is counted in the folder that it lies in', async () => {
    chips.add([chip({ folder: 'file:///b' })]);
    const asked = server.latest('leoam/files/find');
    assert.equal(asked.params['folder'], 'file:///b');
    asked.answer([{ kind: 'file', path: 'a.ts', tokens: 12 }]);
    await settled();
    assert.equal(chips.shown[0]?.tokens, 12);
  });

  it('stays within the folder that the chat is about', () => {
    chips.add([chip(), chip({ folder: 'file:///b' })]);
    chips.keepThoseOf('file:///b');
    assert.deepEqual(
      chips.take().map(({ folder }) => folder),
      ['file:///b'],
    );
  });

  it('shows neither texts nor folders to the page', () => {
    chips.add([selection('secret')]);
    assert.deepEqual(Object.keys(chips.shown[0] ?? {}).sort(), [
      'endLine',
      'id',
      'kind',
      'path',
      'startLine',
    ]);
  });

  it('says in one sentence when there are too many, and keeps what fits', () => {
    const many = Array.from({ length: maxChips + 2 }, (_, i) => chip({ path: `${i}.ts` }));
    assert.match(chips.add(many) ?? '', /No more than 100 files/u);
    assert.equal(chips.shown.length, maxChips);
    assert.equal(chips.add([selection('one more')]) === undefined, false);
  });

  it('says in one sentence when a selection is too long, and leaves it out', () => {
    const problem = chips.add([selection('x'.repeat(maxSelectionLength + 1))]);
    assert.match(problem ?? '', /^The selection in a\.ts is too long/u);
    assert.deepEqual(chips.shown, []);
    assert.equal(chips.add([selection('x'.repeat(maxSelectionLength))]), undefined);
  });
});

describe('the limits of what stands beside a question', () => {
  it('are those of the protocol', () => {
    const longest = 'x'.repeat(maxSelectionLength);
    const fits = (text: string): boolean =>
      contextItem.safeParse(contextOf([selection(text)])[0]).success &&
      chatCountTokens.params.safeParse({ text }).success;
    assert.deepEqual([fits(longest), fits(`${longest}x`)], [true, false]);

    const asks = (count: number): boolean =>
      chatAsk.params.safeParse({
        chat: 'c',
        turn: 't',
        folder: 'file:///a',
        question: 'What?',
        context: contextOf(Array.from({ length: count }, () => chip())),
      }).success;
    assert.deepEqual([asks(maxChips), asks(maxChips + 1)], [true, false]);
  });
});
