import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { bringLanguages, configure, editActively, trust } from './vscodeStub.js';

const { Drops } = await import('../../../extension/completion/drops.js');
const { inlineCompletionGate } = await import('../../../extension/completion/gate.js');
const { Switches } = await import('../../../extension/completion/switches.js');
const { InlineCompletionTriggerKind } = await import('vscode');

type Document = ReturnType<typeof editActively>;

const file = 'file:///a/src/shop.ts';
const suggestion = [{ insertText: 'FreeShipping' }] as vscode.InlineCompletionItem[];

describe('the gate before the server', () => {
  let switches: InstanceType<typeof Switches>;
  let drops: InstanceType<typeof Drops>;
  let asked: vscode.InlineCompletionContext[];
  let answer: () => vscode.ProviderResult<vscode.InlineCompletionItem[]>;
  let isGivenUp: boolean;

  beforeEach(() => {
    answer = () => suggestion;
    isGivenUp = false;
    switches = new Switches();
    drops = new Drops();
    asked = [];
    bringLanguages({ typescript: 'TypeScript' });
  });

  afterEach(() => {
    switches.dispose();
    configure('completion.enabled', undefined);
    configure('completion.languages', undefined);
    trust(true);
  });

  async function request(
    document: Document,
    context: Partial<vscode.InlineCompletionContext> = {},
    line = 6,
  ): Promise<unknown> {
    const gate = inlineCompletionGate(switches, drops);
    return gate(
      document as unknown as vscode.TextDocument,
      { line, character: 4 } as vscode.Position,
      {
        triggerKind: InlineCompletionTriggerKind.Automatic,
        selectedCompletionInfo: undefined,
        ...context,
      },
      { isCancellationRequested: isGivenUp } as vscode.CancellationToken,
      (_document, _position, passed) => {
        asked.push(passed);
        return answer();
      },
    );
  }

  /** The only reason that is written down; fails where the server was asked all the same. */
  async function reasonFor(document: Document): Promise<string | undefined> {
    assert.equal(await request(document), null);
    assert.equal(asked.length, 0, 'the server was asked');
    assert.equal(drops.recent().length, 1);
    return drops.recent()[0]?.reason;
  }

  it('asks the server in the active editor of a file of the folder', async () => {
    assert.equal(await request(editActively(file, 'typescript')), suggestion);
    assert.deepEqual(drops.recent(), []);
  });

  it('passes on what is selected in the list of suggestions', async () => {
    const selectedCompletionInfo = { text: 'isFree' } as vscode.SelectedCompletionInfo;
    await request(editActively(file, 'typescript'), { selectedCompletionInfo });
    assert.equal(asked[0]?.selectedCompletionInfo, selectedCompletionInfo);
  });

  it('does not ask where suggestions are off', async () => {
    configure('completion.enabled', false);
    assert.equal(await reasonFor(editActively(file, 'typescript')), 'off');
  });

  it('does not ask where suggestions are off for the language', async () => {
    configure('completion.languages', { '*': true, typescript: false });
    assert.equal(await reasonFor(editActively(file, 'typescript')), 'offForLanguage');
  });

  it('does not ask in a language that is not named where the star is off', async () => {
    configure('completion.languages', { '*': false, python: true });
    assert.equal(await reasonFor(editActively(file, 'typescript')), 'offForLanguage');
  });

  it('asks in a language that is named where the star is off', async () => {
    configure('completion.languages', { '*': false, typescript: true });
    assert.equal(await request(editActively(file, 'typescript')), suggestion);
  });

  it('does not ask while suggestions are snoozed, and asks after it', async () => {
    const document = editActively(file, 'typescript');
    await switches.snooze(5);
    assert.equal(await reasonFor(document), 'snoozed');
    switches.endSnooze();
    assert.equal(await request(document), suggestion);
  });

  it('does not ask for a text that is not the active editor’s', async () => {
    const document = editActively(file, 'typescript');
    editActively('file:///a/src/other.ts', 'typescript');
    assert.equal(await reasonFor(document), 'notActiveEditor');
  });

  it('does not ask for a file outside of the open folders', async () => {
    const document = editActively('file:///elsewhere/shop.ts', 'typescript');
    assert.equal(await reasonFor(document), 'outsideFolder');
  });

  it('does not ask for what is no file, though it has the path of one', async () => {
    assert.equal(
      await reasonFor(editActively('git:/a/src/shop.ts', 'typescript')),
      'outsideFolder',
    );
  });

  it('does not ask in a folder that is not trusted', async () => {
    trust(false);
    assert.equal(await reasonFor(editActively(file, 'typescript')), 'untrusted');
  });

  it('asks whatever is set when a key asks for a suggestion', async () => {
    configure('completion.enabled', false);
    const triggerKind = InlineCompletionTriggerKind.Invoke;
    assert.equal(await request(editActively(file, 'typescript'), { triggerKind }), suggestion);
    assert.deepEqual(drops.recent(), []);
  });

  it('shows nothing when the server does not answer, and writes that down', async () => {
    const document = editActively(file, 'typescript');
    answer = () => Promise.reject(new Error('It broke.'));
    assert.equal(await request(document), null);
    answer = () => null; // what the language client makes of a server that ended
    assert.equal(await request(document, {}, 8), null);
    assert.deepEqual(
      drops.recent().map(({ reason, line }) => [reason, line]),
      [
        ['noServer', 9],
        ['noServer', 7],
      ],
    );
  });

  it('writes nothing down where the request was given up, or nothing is suggested', async () => {
    const document = editActively(file, 'typescript');
    answer = () => [];
    assert.deepEqual(await request(document), []);
    answer = () => null;
    isGivenUp = true;
    assert.equal(await request(document), null);
    assert.deepEqual(drops.recent(), []);
  });

  it('writes one entry down for the keys of one line, and keeps the latest 50', async () => {
    configure('completion.enabled', false);
    const document = editActively(file, 'typescript');
    for (let line = 0; line < 60; line++) {
      await request(document, {}, line);
      await request(document, {}, line);
    }
    assert.equal(drops.recent()[0]?.count, 2);
    const lines = drops.recent().map((drop) => drop.line);
    assert.deepEqual(
      lines,
      Array.from({ length: 50 }, (_, index) => 60 - index),
    );
  });
});
