import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { bringLanguages, configure, editActively, tellChange, trust } from './vscodeStub.js';

const { startAtFirstEdit } = await import('../../../extension/completion/starter.js');
const { stateText } = await import('../../../extension/completion/stateText.js');
const { Switches } = await import('../../../extension/completion/switches.js');
const { workspace } = await import('vscode');

describe('the switches of suggestions', () => {
  let switches: InstanceType<typeof Switches>;
  let changes: number;

  beforeEach(() => {
    switches = new Switches();
    changes = 0;
    switches.onDidChange(() => changes++);
    bringLanguages({ typescript: 'TypeScript' });
  });

  afterEach(() => {
    switches.dispose();
    configure('completion.enabled', undefined);
    configure('completion.languages', undefined);
    trust(true);
  });

  it('turn suggestions off and on', async () => {
    await switches.toggle();
    assert.equal(stateText(switches.stateFor('typescript')), 'Suggestions: off');
    assert.equal(changes, 1);
    await switches.toggle();
    assert.equal(stateText(switches.stateFor('typescript')), 'Suggestions: on');
  });

  it('turn a language off and leave what is set for others', async () => {
    configure('completion.languages', { '*': true, log: false });
    await switches.toggleLanguage('typescript');
    assert.deepEqual(workspace.getConfiguration('leoam').get('completion.languages'), {
      '*': true,
      log: false,
      typescript: false,
    });
    assert.equal(stateText(switches.stateFor('typescript')), 'Suggestions: off for TypeScript');
    assert.equal(stateText(switches.stateFor('python')), 'Suggestions: on');
    await switches.toggleLanguage('typescript');
    assert.equal(stateText(switches.stateFor('typescript')), 'Suggestions: on');
  });

  it('tell until when suggestions are snoozed, and when that is over', async () => {
    await switches.snooze(0.001);
    assert.match(stateText(switches.stateFor()), /^Suggestions: snoozed until \d\d:\d\d/u);
    assert.equal(changes, 1);
    await sleep(100);
    assert.equal(stateText(switches.stateFor()), 'Suggestions: on');
    assert.equal(changes, 2);
  });

  it('end a snooze when suggestions are turned on', async () => {
    await switches.snooze(60);
    await switches.toggle();
    assert.equal(stateText(switches.stateFor()), 'Suggestions: off');
    await switches.toggle();
    assert.equal(stateText(switches.stateFor()), 'Suggestions: on');
  });

  describe('and the first line that is written', () => {
    const file = 'file:///a/src/shop.ts';
    let starts: number;

    /** Starts of a server in this state after one change. */
    function startsAfter(
      change: Parameters<typeof tellChange>[0],
      state: 'idle' | 'failed' = 'idle',
    ): number {
      starts = 0;
      const start = (): Promise<never> => {
        starts++;
        return Promise.reject(new Error('There is none.'));
      };
      const starter = startAtFirstEdit({ state, start }, switches);
      tellChange(change);
      void starter.dispose();
      return starts;
    }

    it('start the server', () => {
      assert.equal(startsAfter({ document: editActively(file, 'typescript') }), 1);
    });

    it('leave it alone where suggestions are off', () => {
      configure('completion.languages', { typescript: false });
      assert.equal(startsAfter({ document: editActively(file, 'typescript') }), 0);
    });

    it('leave it alone when something is undone, or read anew from the disk', () => {
      const document = editActively(file, 'typescript');
      assert.equal(startsAfter({ document, reason: 1 }), 0);
      assert.equal(startsAfter({ document: Object.assign(document, { isDirty: false }) }), 0);
    });

    it('leave a server alone that failed', () => {
      assert.equal(startsAfter({ document: editActively(file, 'typescript') }, 'failed'), 0);
    });
  });
});
