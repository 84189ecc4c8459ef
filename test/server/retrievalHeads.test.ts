import assert from 'node:assert/strict';
import { openAssistant, openRepositoryFor, type Assistant } from '../../server/assistant.js';
import { readModelProfile, writeModelProfile } from '../../server/retrieval/modelProfile.js';
import { indexRepository } from '../../server/index/jobs.js';
import { findRetrievalHeads, headScorer } from '../../server/retrieval/retrievalHeads.js';
import { homeWithModel, shopFiles, smallModel, temporaryRepository } from './setup.js';

/** Sixteen candidates: what a head has that ranks them by chance. */
const chance = Array.from({ length: 16 }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b) / 16;

describe('retrieval heads @slow', function () {
  this.timeout(300_000);
  let home: string;
  let assistant: Assistant;

  before(async () => {
    home = await homeWithModel();
    assistant = await openAssistant({ home, model: smallModel, threads: 2 });
  });

  after(() => assistant?.dispose());

  it('are found far above chance, kept, and leave nothing in the store', async () => {
    const { engine } = assistant;
    const found = await findRetrievalHeads(engine, assistant.profile.header);
    assert.equal((await engine.storeStats()).segments, 0);
    const heads = found.retrievalHeads;
    assert.equal(heads.length, 8);
    const ranks = heads.map(({ meanReciprocalRank }) => meanReciprocalRank);
    assert.deepEqual(
      ranks,
      [...ranks].sort((a, b) => b - a),
    );
    assert.ok((ranks[0] ?? 0) > 2.5 * chance && ranks.every((rank) => rank > chance), ranks.join());
    for (const { layer, head } of heads) {
      assert.ok(layer < engine.info.layers && head < engine.info.heads);
    }
    await writeModelProfile(home, engine.model.hash, found);
    assert.deepEqual(await readModelProfile(home, engine.model.hash), found);
  });

  it('score passages of a repository that was read with them, and of no other', async () => {
    assistant.engine.setRetrievalHeads([
      { layer: 12, head: 4 },
      { layer: 20, head: 8 },
    ]);
    const repository = await openRepositoryFor(assistant, await temporaryRepository(shopFiles));
    try {
      const passages = ['src/limits.ts', 'src/basket.ts'].flatMap((path) =>
        repository.passagesOf(path),
      );
      const score = headScorer(assistant.engine, (path, part) => repository.segment(path, part));
      const question = 'How many items fit into a basket?';
      const before = Array.from(await score(question, passages));
      assert.ok(before.every(Number.isNaN), 'scores of passages that are not stored');
      await indexRepository({ index: repository, engine: assistant.engine.native });
      const after = Array.from(await score(question, passages));
      assert.equal(after.length, passages.length);
      assert.ok(after.every(Number.isFinite), after.join(' '));
    } finally {
      await repository.close();
    }
  });
});
