import assert from 'node:assert/strict';
import type { Server } from '../../../extension/server/server.js';
import { configure, editActively, runCommand, shownLists, statusItems } from './vscodeStub.js';

const { Switches } = await import('../../../extension/completion/switches.js');
const { statusBar } = await import('../../../extension/status/statusBar.js');

describe('the item in the status bar', () => {
  let status: Server['status'];
  let change: () => void;
  let parts: { dispose(): unknown }[];

  beforeEach(() => {
    status = undefined;
    const server = {
      state: 'running',
      get status() {
        return status;
      },
      onDidChange: (listener: () => void) => {
        change = listener;
        return { dispose: () => undefined };
      },
    } as unknown as Server;
    const switches = new Switches();
    editActively('file:///a/src/shop.ts', 'typescript');
    parts = [switches, statusBar(server, switches)];
  });

  afterEach(() => {
    parts.forEach((part) => part.dispose());
    configure('completion.enabled', undefined);
  });

  /** What stands there once the server has told of a model. */
  const shownWith = (canFillIn: boolean): { text: string; tooltip: string } => {
    status = {
      ...{ state: 'ready', health: 'ok', message: 'Ready.', actions: [], folders: [] },
      ...{ model: 'some', canFillIn },
    };
    change();
    const item = statusItems.at(-1);
    assert.ok(item !== undefined);
    return item;
  };

  const commandsOfMenu = async (): Promise<(string | undefined)[]> => {
    await runCommand('leoam.status.menu');
    return (shownLists.at(-1) ?? []).map(({ command }) => command);
  };

  it('says of a model that cannot fill in that it suggests nothing, until one can', () => {
    const unfit = shownWith(false);
    assert.equal(unfit.text, '$(check) LeoAM: ready $(circle-slash)');
    assert.match(unfit.tooltip, /Suggestions: none, as this model .* choose another one$/u);
    const fit = shownWith(true);
    assert.equal(fit.text, '$(check) LeoAM: ready');
    assert.match(fit.tooltip, /Suggestions: on$/u);
  });

  it('offers another model behind it', async () => {
    const choose = 'leoam.model.select';
    shownWith(true);
    const usual = await commandsOfMenu();
    shownWith(false);
    const offered = await commandsOfMenu();
    const toggle = offered.indexOf('leoam.completion.toggle');
    assert.equal(offered[toggle - 1], choose);
    assert.deepEqual(
      offered.filter((_, index) => index !== toggle - 1),
      usual,
    );
  });

  it('says that suggestions are off where they are, whatever the model can', () => {
    configure('completion.enabled', false);
    assert.match(shownWith(false).tooltip, /Suggestions: off$/u);
  });
});
