import assert from 'node:assert/strict';
import type { Server } from '../../../extension/server/server.js';
import { settled } from './chatFixtures.js';
import {
  editActively,
  executedCommands,
  moveCursor,
  runCommand,
  shownMessages,
} from './vscodeStub.js';

const { suggestCommand } = await import('../../../extension/completion/suggest.js');

type State = Server['state'];
type Told = NonNullable<Server['status']>['state'];

const trigger = 'editor.action.inlineSuggest.trigger';

describe('a suggestion that is asked for by its key', () => {
  let state: State;
  let status: Server['status'];
  let starts: number;
  let change: () => void;
  let command: { dispose(): unknown };
  let before: number;

  beforeEach(() => {
    [state, status, starts] = ['idle', undefined, 0];
    const listeners = new Set<() => void>();
    change = () => listeners.forEach((listener) => listener());
    const server = {
      get state() {
        return state;
      },
      get status() {
        return status;
      },
      problem: undefined,
      start: () => {
        starts++;
        state = 'starting';
        return new Promise<never>(() => undefined);
      },
      onDidChange: (listener: () => void) => {
        listeners.add(listener);
        return { dispose: () => void listeners.delete(listener) };
      },
    };
    command = suggestCommand(server, () => undefined);
    editActively('file:///a/src/shop.ts', 'typescript');
    before = executedCommands.length;
  });

  afterEach(() => command.dispose());

  async function becomes(next: State, told?: Told): Promise<void> {
    state = next;
    status =
      told === undefined
        ? undefined
        : { state: told, health: 'ok', message: `it is ${told}`, actions: [], folders: [] };
    change();
    await settled();
  }

  function triggered(): number {
    return executedCommands.slice(before).filter((name) => name === trigger).length;
  }

  async function press(): Promise<void> {
    void runCommand('leoam.completion.suggest');
    await settled();
  }

  it('comes at once where LeoAM runs', async () => {
    await becomes('running', 'indexing');
    await press();
    assert.deepEqual([triggered(), starts], [1, 0]);
  });

  it('starts LeoAM, and comes when it can', async () => {
    await press();
    assert.equal(starts, 1);
    await becomes('running');
    await becomes('running', 'loading');
    await becomes('running', 'noFolder');
    assert.equal(triggered(), 0);
    await becomes('running', 'ready');
    assert.equal(triggered(), 1);
  });

  it('does not come to who has gone on elsewhere', async () => {
    await press();
    moveCursor(2);
    await becomes('running', 'ready');
    assert.equal(triggered(), 0);
  });

  it('comes once however often the key is pressed meanwhile', async () => {
    await press();
    await press();
    await becomes('running', 'ready');
    assert.equal(triggered(), 1);
  });

  it('says once why it cannot come', async () => {
    const told = shownMessages.length;
    await press();
    await press();
    await becomes('running', 'noModel');
    assert.deepEqual(shownMessages.slice(told), ['it is noModel']);
  });
});
