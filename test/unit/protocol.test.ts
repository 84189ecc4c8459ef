import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { protocolMarkdown } from '../../server/protocol/markdown.js';
import { notifications, requests } from '../../server/protocol/protocol.js';
import { projectRoot } from '../quality/load.js';

describe('protocol', () => {
  it('is what PROTOCOL.md says (node scripts/protocol.mjs writes it)', async () => {
    const file = join(projectRoot(), 'server', 'protocol', 'PROTOCOL.md');
    assert.equal(await readFile(file, 'utf8'), protocolMarkdown());
  });

  it('names each message once, as leoam/<area>/<verb>', () => {
    const names = [...requests, ...notifications].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name } of requests) {
      assert.match(name, /^leoam\/[a-z]+\/[a-z][A-Za-z]*$/u);
    }
    for (const { name } of notifications) {
      assert.match(name, /^leoam\/[a-z]+\/did[A-Z][A-Za-z]*$/u);
    }
  });
});
