import assert from 'node:assert/strict';
import { completionRecent } from '../../server/protocol/completion.js';
import { fillingModel } from './checkout.js';
import { Window } from './languageServer.js';
import { OpenDocument } from './openDocument.js';
import { shopFiles, temporaryFolder, temporaryRepository } from './setup.js';

const notebook = 'notes/prices.ipynb';
const first = [
  "import { isFreeShipping } from '../src/limits.js';",
  '',
  '/** What the basket of our best customer costs. */',
  'const bestCustomerBasketCents = 4200;',
].join('\n');
const second = 'const isDeliveredForNothing = isFreeShipping()';
const third = 'console.log(isDeliveredForNothing);';

describe('inline completions in notebooks @slow', function () {
  this.timeout(240_000);
  let window: Window;

  before(async () => {
    const root = await temporaryRepository({ ...shopFiles, [notebook]: '{"cells": []}' });
    const home = await temporaryFolder('home');
    window = await Window.open(root, home, { model: fillingModel });
    await window.until(() => window.statuses.at(-1)?.state === 'ready');
  });

  after(() => window.close());

  it('know the cells before and behind, and stand in the cell', async () => {
    const uri = `${window.folder}/${notebook}`;
    const cells = await OpenDocument.openNotebook(window.connection, uri, [first, second, third]);
    const cell = cells[1]!;
    const cursor = second.indexOf('()') + 1;
    const [found] = await cell.suggest(cursor);
    assert.equal(found?.text.slice(0, 'bestCustomerBasket'.length), 'bestCustomerBasket');
    assert.equal(found.start, cursor);
    assert.ok(found.end <= second.length);
    const records = completionRecent.result.parse(
      await window.connection.sendRequest(completionRecent.name, {}),
    );
    assert.equal(records[0]?.uri, uri);
    assert.ok(records[0].sources.some(({ path }) => path === 'src/limits.ts'));

    // A change of another cell is seen, too.
    const name = first.indexOf('bestCustomerBasket');
    await cells[0]!.change(name, name + 'best'.length, 'worst');
    const [other] = await cell.suggest(cursor);
    assert.equal(other?.text.slice(0, 'worstCustomerBasket'.length), 'worstCustomerBasket');
  });
});
