import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileInTiers, TiersView } from '../../server/protocol/tiers.js';
import type { StoredFile } from '../../server/index/storedFiles.js';
import { modelPath, modelsFolder } from '../../server/models/index.js';
import {
  homeWithModel,
  leoamJson,
  shopFiles,
  smallModel,
  temporaryFolder,
  temporaryRepository,
} from './setup.js';
import { Window } from './languageServer.js';

describe('the tiers over the protocol @slow', function () {
  this.timeout(120_000);
  let root: string;
  let home: string;
  let window: Window;

  beforeEach(async () => {
    home = await homeWithModel();
    root = await temporaryRepository(shopFiles);
    window = await Window.open(root, home);
    await ready();
  });

  afterEach(() => window.close());

  const ready = (): Promise<void> => window.until(() => window.statuses.at(-1)?.state === 'ready');
  const request = <T>(verb: string, params: object = {}): Promise<T> =>
    window.connection.sendRequest(`leoam/tiers/${verb}`, params);
  const on = (paths: string[], more: object = {}): object => ({
    folder: window.folder,
    paths,
    ...more,
  });
  const show = (): Promise<TiersView> => request('show');
  const filesNow = async (): Promise<FileInTiers[]> => (await show()).folders[0]?.files ?? [];
  const fileNow = async (path: string): Promise<FileInTiers> => {
    const found = (await filesNow()).find((file) => file.path === path);
    assert.ok(found, path);
    return found;
  };

  it('shows where each file is, what an answer took, and the figures that cache show prints', async () => {
    const { counters } = await window.ask('How many items fit into a basket at most?');
    const { disk, ram, folders, answers, gpu } = await show();
    const files = folders[0]?.files ?? [];
    assert.equal(gpu, undefined);
    assert.deepEqual(files.map(({ path }) => path).sort(), Object.keys(shopFiles).sort());
    for (const file of files) {
      assert.equal(file.tokensStored, file.tokens, file.path);
      assert.ok(file.isOnDisk && file.bytesInRam === 0);
      assert.equal(file.precision, 'q8');
      assert.ok(Date.now() - (file.lastUse ?? 0) < 120_000);
    }
    const sum = files.reduce((total, { bytes }) => total + bytes, 0);
    assert.equal(disk.bytes, sum);
    assert.equal(disk.segments, files.length);
    assert.ok(ram.sessionTokens > counters.tokensReused);
    assert.ok(ram.sessionBytes > 0 && ram.segments === 0);
    assert.equal(answers.length, 1);
    assert.equal(answers[0]?.tokensReused, counters.tokensReused);
    assert.equal(answers[0]?.repoTokensComputed, 0);

    await window.close();
    const shown = await leoamJson<{
      bytes: number;
      segments: number;
      chunks: number;
      files: StoredFile[];
    }>(['cache', 'show', '--model', smallModel, '--repo', root], home);
    assert.equal(shown.bytes, disk.bytes);
    assert.equal(shown.segments, disk.segments);
    assert.equal(shown.chunks, disk.chunks);
    assert.ok(disk.chunks >= disk.segments);
    const same = ({ path, tokens, tokensStored, bytes, ...rest }: FileInTiers): object => {
      const { precision, pinned, staleChunks, lastUse = 0 } = rest;
      const seconds = Math.floor(lastUse / 1000); // as file systems keep it
      return { path, tokens, tokensStored, bytes, precision, pinned, staleChunks, seconds };
    };
    assert.deepEqual(shown.files.map(same), files.map(same));
  });

  it('shows what a chat about the whole repository holds in RAM and on a device, with hit rates', async () => {
    await window.close();
    window = await Window.open(root, home, {
      chatEvidence: 'wholeRepository',
      evidenceMemoryMib: 1,
      deviceMemoryMib: 64,
      device: 'CPU', // the processor's own memory stands for a GPU's
    });
    await ready();
    const before = await show();
    assert.equal(before.ram.evidence, undefined);
    const { counters, answer } = await window.ask('How many items fit into a basket at most?');
    assert.notEqual(answer, '');
    assert.equal(counters.repoTokensComputed, 0);
    const { ram, gpu } = await show();
    assert.ok(ram.evidence !== undefined && gpu !== undefined);
    assert.ok(ram.evidence.bytes > 0 && ram.evidence.bytes <= ram.evidence.budgetBytes);
    assert.equal(ram.evidence.budgetBytes, 1024 ** 2);
    assert.ok(ram.sessionBytes > ram.evidence.bytes);
    assert.ok(ram.sessionBytes < 8 * 1024 ** 2, String(ram.sessionBytes));
    assert.ok(gpu.bytes > 0 && gpu.bytes <= gpu.budgetBytes);
    assert.equal(gpu.budgetBytes, 64 * 1024 ** 2);
    assert.equal(gpu.isLost, false);
    assert.ok((gpu.hitRate ?? 0) > 0.5, String(gpu.hitRate));
    assert.ok((ram.evidence.hitRate ?? 1) < 1);
    assert.ok(ram.evidence.blocks > 0 && gpu.blocks > 0);
    assert.ok(gpu.bytesIn >= gpu.bytes && gpu.bytesOut > 0);
  });

  it('reads from RAM what was moved there, until it is moved back', async () => {
    await request('move', on(['src/'], { tier: 'ram' }));
    const moved = await show();
    const inRam = (moved.folders[0]?.files ?? []).filter(({ bytesInRam }) => bytesInRam > 0);
    assert.deepEqual(
      inRam.map(({ path }) => path).sort(),
      Object.keys(shopFiles)
        .filter((path) => path.startsWith('src/'))
        .sort(),
    );
    assert.ok(inRam.every(({ bytes, bytesInRam, isOnDisk }) => isOnDisk && bytesInRam === bytes));
    const bytes = inRam.reduce((sum, file) => sum + file.bytes, 0);
    assert.equal(moved.ram.segmentBytes, bytes);
    assert.equal(moved.ram.segments, inRam.length);
    assert.equal(moved.ram.refusedBytes, 0);
    assert.equal(moved.disk.segments, Object.keys(shopFiles).length);
    const read = async (chat: string): Promise<number> => {
      const question = 'How many items fit into a basket at most?';
      const { counters } = await window.ask(question, { chat });
      assert.equal(counters.repoTokensComputed, 0);
      assert.ok(counters.tokensReused > 0);
      return counters.bytesFromDisk;
    };
    await request('move', on(['/'], { tier: 'ram' }));
    assert.equal(await read('a'), 0);
    await request('move', on(['/'], { tier: 'disk' }));
    assert.equal((await show()).ram.segmentBytes, 0);
    assert.ok((await read('b')) > 0);
  });

  it('moves no more to RAM than it may take, and says so', async () => {
    await window.close();
    window = await Window.open(root, home, { storeRamMib: 1 });
    await ready();
    const { ram, disk } = await show();
    assert.equal(ram.segmentBudgetBytes, 1024 ** 2);
    assert.ok(disk.bytes > ram.segmentBudgetBytes, String(disk.bytes));
    await assert.rejects(request('move', on(['/'], { tier: 'ram' })), /RAM/u);
    assert.equal((await show()).ram.segmentBytes, 0);
  });

  it('keeps what is pinned when the budget shrinks, also after a restart', async () => {
    await request('pin', on(['src/'], { pinned: true }));
    await request('pin', on(['src/basket.ts'], { pinned: false }));
    const before = await filesNow();
    const stays = before.filter(({ pinned }) => pinned).map(({ path }) => path);
    assert.deepEqual(
      stays.sort(),
      Object.keys(shopFiles)
        .filter((path) => path.startsWith('src/') && path !== 'src/basket.ts')
        .sort(),
    );
    const stored = async (): Promise<string[]> =>
      (await filesNow()).filter(({ bytes }) => bytes > 0).map(({ path }) => path);

    const { disk } = await show();
    const keeps = before.filter(({ pinned }) => pinned);
    assert.equal(
      disk.pinnedBytes,
      keeps.reduce((total, { bytes }) => total + bytes, 0),
    );
    const { bytesFreed } = await request<{ bytesFreed: number }>('setBudget', { budgetBytes: 1 });
    const gone = before.filter(({ pinned }) => !pinned);
    assert.equal(
      bytesFreed,
      gone.reduce((total, { bytes }) => total + bytes, 0),
    );
    assert.deepEqual((await stored()).sort(), stays);

    await window.close();
    window = await Window.open(root, home, { storeBudgetGib: 1e-9 });
    await ready();
    assert.deepEqual((await stored()).sort(), stays);
    assert.equal((await fileNow(stays[0] ?? '')).pinned, true);
  });

  it('follows the files: what a pinned one was before an edit may go, what it is now stays', async () => {
    await request('pin', on(['/'], { pinned: true }));
    const path = 'src/limits.ts';
    const { tokens } = await fileNow(path);
    const longer = `${shopFiles[path] ?? ''}\nexport const MAX_GIFTS = 3;\n`;
    await writeFile(join(root, path), longer);
    await window.changed(path);
    await window.until(() => window.statuses.at(-1)?.state === 'indexing');
    await ready();
    const now = await fileNow(path);
    assert.ok(now.tokens > tokens && now.pinned);
    const { disk } = await show();
    assert.equal(disk.segments, Object.keys(shopFiles).length + 1); // the older text's, too
    await request('setBudget', { budgetBytes: 1 });
    const after = await show();
    assert.equal(after.disk.segments, Object.keys(shopFiles).length);
    assert.equal((await fileNow(path)).tokensStored, now.tokens);
  });

  it('drops, reads again, checks and wipes', async () => {
    const path = 'src/basket.ts';
    const { bytes, tokens } = await fileNow(path);
    assert.deepEqual(await request('drop', on([path])), { bytesFreed: bytes });
    assert.equal((await fileNow(path)).bytes, 0);
    const other = 'src/limits.ts';
    await writeFile(join(root, other), `${shopFiles[other] ?? ''}\nexport const MAX_BAGS = 2;\n`);
    await window.changed(other);
    await window.until(() => window.statuses.at(-1)?.state === 'indexing');
    await ready();
    assert.ok((await fileNow(other)).tokensStored > 0);
    assert.equal((await fileNow(path)).bytes, 0, 'what was dropped is read by itself');
    assert.deepEqual(await request('rebuild', on([path])), { tokensToRead: tokens });
    await window.until(() => window.statuses.at(-1)?.state === 'indexing');
    await ready();
    assert.equal((await fileNow(path)).bytes, bytes);
    const count = Object.keys(shopFiles).length + 1; // and the older text of one
    assert.deepEqual(await request('verify'), { ok: count, damaged: 0 });
    const { disk } = await show();
    assert.deepEqual(await request('clear'), { bytesFreed: disk.bytes });
    assert.ok((await filesNow()).every((file) => file.bytes === 0 && !file.pinned));
    const answer = await window.ask('How many items fit into a basket at most?');
    assert.ok(answer.counters.repoTokensComputed > 0); // it is there all the same, computed
  });

  it('goes on reading where there is room again', async () => {
    const other = await Window.open(root, await homeWithModel(), { storeBudgetGib: 1e-6 });
    try {
      const isStopped = (): boolean =>
        other.statuses.at(-1)?.detail?.kind === 'readingStopped' && !isAllRead();
      const isAllRead = (): boolean => other.statuses.at(-1)?.folders[0]?.read === 1;
      await other.until(isStopped);
      await other.connection.sendRequest('leoam/tiers/setBudget', { budgetBytes: 0 });
      await other.until(isAllRead);
    } finally {
      await other.close();
    }
  });

  it('keeps a budget that was set before there was a model', async () => {
    const empty = await temporaryFolder('home');
    const other = await Window.open(root, empty, { fetchModel: false });
    try {
      await other.until(() => other.statuses.at(-1)?.state === 'noModel');
      const budgetBytes = 3 * 1024 ** 2;
      const set: object = await other.connection.sendRequest('leoam/tiers/setBudget', {
        budgetBytes,
      });
      assert.deepEqual(set, { bytesFreed: 0 });
      await mkdir(modelsFolder(empty), { recursive: true });
      await symlink(modelPath(home, smallModel), modelPath(empty, smallModel));
      await other.ask('How many items fit into a basket at most?', { maxTokens: 1 });
      const { disk }: TiersView = await other.connection.sendRequest('leoam/tiers/show', {});
      assert.equal(disk.budgetBytes, budgetBytes);
    } finally {
      await other.close();
    }
  });

  it('wipes pins of folders that are not open', async () => {
    await request('pin', on(['src/'], { pinned: true }));
    await window.close();
    const elsewhere = await Window.open(await temporaryRepository({ 'a.ts': '1;\n' }), home);
    await elsewhere.until(() => elsewhere.statuses.at(-1)?.state === 'ready');
    await elsewhere.connection.sendRequest('leoam/tiers/clear', {});
    await elsewhere.close();
    window = await Window.open(root, home);
    await ready();
    assert.ok((await filesNow()).every((file) => !file.pinned));
    assert.equal((await show()).disk.pinnedBytes, 0);
  });

  it('reads a single file of a folder that waits for a word, and no other', async () => {
    const other = await Window.open(root, await homeWithModel(), { askAboveTokens: 10 });
    try {
      await other.until(() => other.statuses.at(-1)?.state === 'paused');
      const stored = async (): Promise<FileInTiers[]> => {
        const view: TiersView = await other.connection.sendRequest('leoam/tiers/show', {});
        return (view.folders[0]?.files ?? []).filter(({ tokensStored }) => tokensStored > 0);
      };
      assert.deepEqual(await stored(), []);
      const path = 'src/basket.ts';
      const { tokensToRead }: { tokensToRead: number } = await other.connection.sendRequest(
        'leoam/tiers/rebuild',
        { folder: other.folder, paths: [path] },
      );
      while ((await stored()).length === 0) {
        await sleep(50);
      }
      assert.deepEqual(
        (await stored()).map((file) => [file.path, file.tokensStored]),
        [[path, tokensToRead]],
      );
      assert.equal(other.statuses.at(-1)?.state, 'paused');
    } finally {
      await other.close();
    }
  });
});
