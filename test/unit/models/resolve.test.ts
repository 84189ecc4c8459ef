import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  catalogue,
  chooseModel,
  findModel,
  hardware,
  homeFolder,
  listModels,
  modelHash,
  modelPath,
  modelsFolder,
  removeModel,
  resolveModel,
  verifyModel,
} from '../../../server/models/index.js';
import { cleanUp, modelBytes, temporaryFolder } from './fixtures.js';

const GiB = 1024 ** 3;
const smallest = 'smollm2-135m-instruct-q4_1';

describe('the catalogue', () => {
  it('has unique ids and whole hashes, and a source for each model', () => {
    assert.equal(new Set(catalogue.map((model) => model.id)).size, catalogue.length);
    for (const model of catalogue) {
      assert.match(model.sha256, /^[0-9a-f]{64}$/, model.id);
      assert.ok(model.sources.length > 0, model.id);
    }
  });

  it('has pieces that add up to the whole file', () => {
    for (const model of catalogue) {
      for (const source of model.sources) {
        if (source.kind !== 'packages' || model.bytes === undefined) continue;
        assert.equal(Math.ceil(model.bytes / source.partBytes), source.names.length, model.id);
      }
    }
  });
});

describe('the choice by hardware', () => {
  it('is 1.5B from 8 GiB of free memory on, else 0.5B', () => {
    assert.match(chooseModel({ memoryFreeBytes: 8 * GiB }).model.id, /-1\.5b-/);
    assert.match(chooseModel({ memoryFreeBytes: 8 * GiB - 1 }).model.id, /-0\.5b-/);
    assert.match(chooseModel({ memoryFreeBytes: 0 }).model.id, /-0\.5b-/);
  });

  it('looks at a machine that has processors, memory and a disk', async () => {
    const found = await hardware(join(homeFolder(), 'not', 'there'));
    assert.ok(found.processors > 0);
    assert.ok(found.memoryFreeBytes > 0 && found.memoryFreeBytes <= found.memoryBytes);
    assert.ok(found.diskFreeBytes > 0);
  });
});

describe('the home folder', () => {
  it('is what was said, then LEOAM_HOME, then the platform default', () => {
    const saved = process.env['LEOAM_HOME'];
    process.env['LEOAM_HOME'] = '/somewhere';
    try {
      assert.equal(homeFolder('/said'), join('/said'));
      assert.equal(homeFolder(), join('/somewhere'));
      delete process.env['LEOAM_HOME'];
      assert.match(homeFolder(), /leoam$/);
    } finally {
      if (saved !== undefined) process.env['LEOAM_HOME'] = saved;
    }
  });
});

describe('finding a model file', () => {
  let home: string;
  beforeEach(async () => {
    home = await temporaryFolder();
    process.env['LEOAM_OFFLINE'] = '1';
  });
  afterEach(async () => {
    delete process.env['LEOAM_OFFLINE'];
    await cleanUp();
  });

  it('takes the path of a GGUF and its hash', async () => {
    const bytes = modelBytes(1_000);
    const path = join(home, 'own.gguf');
    await writeFile(path, bytes);
    const found = await resolveModel({ home, model: path });
    assert.equal(found.id, 'own.gguf');
    assert.equal(found.path, path);
    assert.equal(found.hash, createHash('sha256').update(bytes).digest('hex'));
  });

  it('hashes a file once, and again only when it has changed', async () => {
    const path = join(home, 'own.gguf');
    await writeFile(path, modelBytes(1_000));
    const then = new Date('2024-01-01T00:00:00Z');
    await utimes(path, then, then);
    const first = await modelHash(path, home);
    await writeFile(path, modelBytes(1_000)); // same size, other content
    await utimes(path, then, then); // and disguised as unchanged
    assert.equal(await modelHash(path, home), first);
    await utimes(path, new Date(), new Date());
    assert.notEqual(await modelHash(path, home), first);
  });

  it('refuses what is no GGUF file, what is missing, and an unknown id', async () => {
    const path = join(home, 'text.gguf');
    await writeFile(path, 'no model');
    await assert.rejects(resolveModel({ home, model: path }), { code: 'notGguf' });
    await assert.rejects(resolveModel({ home, model: join(home, 'x.gguf') }), { code: 'notFound' });
    await assert.rejects(resolveModel({ home, model: 'gpt' }), {
      code: 'unknownModel',
      message: /There is no model "gpt"; name one of smollm2/,
    });
  });

  it('refuses to load a file that is larger than the free memory, without reading it', async function () {
    if (process.platform === 'win32') {
      this.skip(); // such a file would take the disk
    }
    const path = join(home, 'huge.gguf');
    await writeFile(path, modelBytes(1_000));
    await truncate(path, 4 * 1024 * GiB); // sparse: nothing of it is on the disk
    await assert.rejects(
      resolveModel({ home, model: path, mustFit: true }),
      /huge\.gguf takes 4398\.0 GB of memory and \d+\.\d GB are free: close other programs, or choose a smaller model\./u,
    );
  });

  it('lists what is whole, begun and missing, and removes all of it', async () => {
    const begun = findModel('qwen2.5-coder-0.5b-instruct-q4_k_m');
    assert.ok(begun);
    await mkdir(modelsFolder(home), { recursive: true });
    await writeFile(modelPath(home, smallest), 'x'.repeat(10));
    await writeFile(`${modelPath(home, begun.id)}.part`, 'x'.repeat(20));
    const states = (await listModels(home)).map(({ state, bytesOnDisk }) => [state, bytesOnDisk]);
    assert.deepEqual(states.slice(0, 3), [
      ['present', 10],
      ['partial', 20],
      ['missing', 0],
    ]);
    assert.equal(await removeModel(home, begun.id), 20);
    assert.equal(existsSync(`${modelPath(home, begun.id)}.part`), false);
    assert.equal(existsSync(modelPath(home, smallest)), true);
  });

  it('finds a damaged file by reading all of it', async () => {
    await mkdir(modelsFolder(home), { recursive: true });
    await writeFile(modelPath(home, smallest), modelBytes(1_000));
    assert.equal((await verifyModel(home, smallest)).ok, false);
  });
});
