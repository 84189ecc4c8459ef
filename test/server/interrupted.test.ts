import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  cli,
  homeWithModel,
  leoam,
  leoamJson,
  longShop,
  shopFiles,
  smallModel,
  temporaryRepository,
} from './setup.js';

interface IndexReport {
  tokens: number;
  tokensComputed: number;
  tokensReused: number;
}

interface StoreReport {
  segments: number;
  tokens: number;
}

describe('reading that was killed', function () {
  this.timeout(240_000);

  it('goes on where it was: all but the segment in work is kept @slow', async () => {
    const home = await homeWithModel();
    const repo = await temporaryRepository(longShop()); // one segment a file
    const index = ['index', '--model', smallModel, '--threads', '1', '--repo', repo];
    let filesDone = 0;
    const killed = await leoam(index, {
      home,
      whenStderr: (text, kill) => {
        filesDone = Number(/ ([1-9]\d*) of 9 files/.exec(text)?.[1] ?? 0);
        if (filesDone > 0) {
          kill();
        }
      },
    });
    assert.equal(killed.code, null, `not killed: ${killed.stderr}`);
    const kept = await leoamJson<StoreReport>(['cache', 'show'], home);
    assert.ok(kept.segments >= filesDone, `${kept.segments} kept of ${filesDone} that were read`);

    const second = await leoamJson<IndexReport>(index, home);
    assert.equal(second.tokensReused, kept.tokens);
    assert.equal(second.tokensComputed, second.tokens - kept.tokens);
    assert.ok(second.tokensComputed > 0);
    const verified = await leoamJson<{ damaged: string[] }>(['cache', 'verify'], home);
    assert.deepEqual(verified.damaged, []);
  });
});

describe('a store without space', function () {
  this.timeout(120_000);
  const question = 'How many items fit into a basket at most?';
  let home: string;
  let common: string[];

  before(async function () {
    const mountable = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
    if (mountable.status !== 0) {
      console.log('skipped: no small disk can be mounted here (unshare, tmpfs)');
      this.skip();
    }
  });

  beforeEach(async () => {
    home = await homeWithModel();
    await mkdir(join(home, 'store'));
    const repo = await temporaryRepository(shopFiles);
    common = ['--model', smallModel, '--threads', '1', '--repo', repo];
  });

  /** Runs the command line with a disk of 200 KB below the store: less than one segment. */
  function withSmallDisk(args: readonly string[]): {
    code: number | null;
    out: string;
    err: string;
  } {
    const script = 'mount -t tmpfs -o size=200k none "$0" && exec "$@"';
    const command = [process.execPath, cli, '--home', home, ...args];
    const run = spawnSync('unshare', ['-rm', 'sh', '-c', script, join(home, 'store'), ...command], {
      encoding: 'utf8',
    });
    return { code: run.status, out: run.stdout, err: run.stderr };
  }

  it('reads into memory and says so once @slow', () => {
    const { code, out, err } = withSmallDisk(['index', ...common, '--json']);
    assert.equal(code, 0, err);
    const report = JSON.parse(out) as IndexReport & { warnings: string[] };
    assert.equal(report.tokensComputed, report.tokens);
    assert.equal(report.warnings.length, 1);
    assert.equal(err.match(/is full: what is read now is kept in memory/g)?.length, 1, err);
  });

  it('answers all the same and says so @slow', () => {
    const { code, out, err } = withSmallDisk(['ask', question, ...common, '--max-tokens', '4']);
    assert.equal(code, 0, err);
    assert.match(out, /src\/limits\.ts:/);
    assert.equal(err.match(/is full: what is read now is kept in memory/g)?.length, 1, err);
  });
});
