import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SystemInfo } from '../../server/engine/addon.js';
import { modelPath, modelsFolder } from '../../server/models/index.js';
import {
  homeWithModel,
  leoam,
  leoamJson,
  shopFiles,
  smallModel,
  temporaryFolder,
  temporaryRepository,
} from './setup.js';

interface Doctor {
  ok: boolean;
  home: string;
  machine: { platform: string; architecture: string; memoryBytes: number };
  engine: ({ ok: true } & SystemInfo) | { ok: false; reason: string };
  models: { id: string; bytesOnDisk: number }[];
  choice: { id: string; reason: string; present: boolean };
}

interface Models {
  models: { id: string; state: string; bytesOnDisk: number; sha256: string }[];
}

describe('leoam doctor', function () {
  this.timeout(60_000);

  it('says what the machine has, which models are there and what would be chosen', async () => {
    const home = await homeWithModel();
    const doctor = await leoamJson<Doctor>(['doctor'], home);
    assert.equal(doctor.ok, true);
    assert.equal(doctor.home, home);
    assert.equal(doctor.machine.platform, process.platform);
    assert.ok(doctor.machine.memoryBytes > 0);
    assert.ok(doctor.engine.ok && doctor.engine.logicalCores > 0 && doctor.engine.kvVersion > 0);
    assert.deepEqual(
      doctor.models.map(({ id }) => id),
      [smallModel],
    );
    assert.ok(doctor.choice.id !== '' && doctor.choice.reason !== '');
  });

  it('ends with 1 where there is no engine, and still says the rest', async () => {
    const home = await temporaryFolder('home');
    const through = ['env', 'LEOAM_ADDON=/no/such/leoam.node'];
    const result = await leoam(['doctor', '--json'], { home, through });
    assert.equal(result.code, 1);
    const doctor = JSON.parse(result.stdout) as Doctor;
    assert.equal(doctor.ok, false);
    assert.ok(!doctor.engine.ok && doctor.engine.reason !== '');
    assert.deepEqual(doctor.models, []);
    assert.equal(doctor.choice.present, false);
  });
});

describe('leoam models', function () {
  this.timeout(60_000);
  let home: string;

  beforeEach(async () => {
    home = await homeWithModel();
  });

  const stateOf = async (id: string): Promise<string | undefined> => {
    const { models } = await leoamJson<Models>(['models', 'list'], home);
    return models.find((model) => model.id === id)?.state;
  };

  it('lists the catalogue with what is on the machine', async () => {
    await writeFile(`${modelPath(home, 'qwen2.5-coder-0.5b-instruct-q4_k_m')}.part`, 'begun');
    const { models } = await leoamJson<Models>(['models'], home);
    assert.ok(models.length >= 5);
    assert.equal(await stateOf(smallModel), 'present');
    assert.equal(await stateOf('qwen2.5-coder-0.5b-instruct-q4_k_m'), 'partial');
    assert.ok(models.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256)));
    const text = await leoam(['models', 'list'], { home });
    assert.equal(text.stdout.trimEnd().split('\n').length, models.length);
  });

  it('verifies a whole file, and ends with 1 at a damaged one', async () => {
    const verify = ['models', 'verify', smallModel];
    const whole = await leoamJson<{ ok: boolean }>(verify, home);
    assert.equal(whole.ok, true);
    await rm(modelPath(home, smallModel));
    await writeFile(modelPath(home, smallModel), 'GGUF, and then nothing of a model');
    const damaged = await leoam([...verify, '--json'], { home });
    assert.equal(damaged.code, 1);
    assert.equal((JSON.parse(damaged.stdout) as { ok: boolean }).ok, false);
    const told = await leoam(verify, { home });
    assert.match(told.stdout, /is damaged.*models fetch/);
  });

  it('removes a model with what was begun for it, and frees its bytes', async () => {
    await writeFile(`${modelPath(home, smallModel)}.part`, 'begun');
    const remove = ['models', 'remove', smallModel];
    const { bytesFreed } = await leoamJson<{ bytesFreed: number }>(remove, home);
    assert.ok(bytesFreed > 50e6, String(bytesFreed));
    assert.equal(await stateOf(smallModel), 'missing');
    const left = await readdir(modelsFolder(home));
    assert.ok(
      left.every((name) => !name.startsWith(smallModel)),
      left.join(),
    );
  });

  it('verifies and removes nothing that is not there, in one sentence', async () => {
    await rm(modelPath(home, smallModel));
    const missing = await leoam(['models', 'verify', smallModel], { home });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /not on this machine/);
    const unknown = await leoam(['models', 'remove', '../models'], { home });
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /There is no model/);
    const unnamed = await leoam(['models', 'remove'], { home });
    assert.equal(unnamed.code, 2);
  });
});

describe('leoam cache without a model', function () {
  this.timeout(120_000);

  it('shows, checks and wipes what a model that is gone has stored @slow', async () => {
    const home = await homeWithModel();
    const repo = await temporaryRepository({ 'a.ts': shopFiles['src/limits.ts'] ?? '' });
    await leoamJson(['index', '--model', smallModel, '--threads', '1', '--repo', repo], home);
    await leoamJson(['models', 'remove', smallModel], home);

    const show = ['cache', 'show'];
    const shown = await leoamJson<{ segments: number; tokens: number }>(show, home);
    assert.ok(shown.segments === 1 && shown.tokens > 0);
    const verified = await leoamJson<{ ok: number; damaged: string[] }>(['cache', 'verify'], home);
    assert.deepEqual(verified, { ok: 1, damaged: [] });
    await leoamJson(['cache', 'clear'], home);
    assert.equal((await leoamJson<{ segments: number }>(show, home)).segments, 0);
    assert.equal(existsSync(join(home, 'repos')), false);
  });

  it('says which segment is damaged and drops it', async () => {
    const home = await temporaryFolder('home');
    const key = 'ab'.padEnd(64, '0');
    const file = join(home, 'store', 'ab', `${key}.seg`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'no segment'.repeat(100));
    const result = await leoam(['cache', 'verify', '--json'], { home });
    assert.equal(result.code, 1);
    assert.deepEqual((JSON.parse(result.stdout) as { damaged: string[] }).damaged, [key]);
    assert.equal(existsSync(file), false);
  });

  it('does not say that what it cannot look into is gone', async () => {
    const home = await temporaryFolder('home');
    await leoamJson(['cache', 'clear'], home); // nothing there: nothing to wipe
    await writeFile(join(home, 'store'), 'no folder');
    const { code, stdout, stderr } = await leoam(['cache', 'clear'], { home });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /store/u);
  });

  it('wipes the store without an engine, and what died while it was written', async () => {
    const home = await temporaryFolder('home');
    const store = join(home, 'store');
    for (const name of ['ab/abcd.seg', 'cd/cdef.tmp', 'cd/cdef.lock', 'store.version']) {
      await mkdir(dirname(join(store, name)), { recursive: true });
      await writeFile(join(store, name), 'something');
    }
    const through = ['env', 'LEOAM_ADDON=/no/such/leoam.node'];
    await leoamJson(['cache', 'clear'], home, through);
    assert.deepEqual(await readdir(store), ['store.version']);
  });
});
