import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  askContext,
  openAssistant,
  openRepositoryFor,
  type Assistant,
} from '../../server/assistant.js';
import { Conversation } from '../../server/chat/conversation.js';
import { readInBackground, type BackgroundReading } from '../../server/index/background.js';
import { indexRepository } from '../../server/index/jobs.js';
import type { RepositoryIndex } from '../../server/index/types.js';
import { homeWithModel, longShop, smallModel, temporaryRepository } from './setup.js';

async function finished(reading: BackgroundReading): Promise<void> {
  while (!reading.state().finished) {
    await sleep(20);
  }
}

describe('reading in the background', function () {
  this.timeout(120_000);
  let assistant: Assistant;
  let repository: RepositoryIndex;

  beforeEach(async () => {
    assistant = await openAssistant({
      home: await homeWithModel(),
      model: smallModel,
      threads: 1,
    });
    repository = await openRepositoryFor(assistant, await temporaryRepository(longShop()));
  });

  afterEach(async () => {
    await repository.close();
    await assistant.dispose();
  });

  /** Milliseconds to the first word of an answer whose evidence is computed, whatever is stored. */
  async function firstWordMs(): Promise<number> {
    const conversation = new Conversation(askContext(assistant, repository));
    try {
      const { timings } = await conversation.ask({
        question: 'How many items fit into a basket at most?',
        mode: 'rag',
        maxTokens: 1,
      });
      return timings.ttftMs;
    } finally {
      conversation.dispose();
    }
  }

  it('gives way to a question at once @slow', async () => {
    const alone: number[] = [];
    const meanwhile: number[] = [];
    for (let i = 0; i < 3; i++) {
      alone.push(await firstWordMs());
      const reading = readInBackground({
        index: repository,
        engine: assistant.engine.native,
      });
      await sleep(200);
      meanwhile.push(await firstWordMs());
      assert.equal(reading.state().finished, false, 'there was nothing to give way');
      await reading.stop();
    }
    const shown = [alone, meanwhile].map((times) => times.map(Math.round).join(' '));
    console.log(`figure: first word after ${shown[0]} ms, while reading after ${shown[1]} ms`);
    assert.ok(Math.min(...meanwhile) < 2 * Math.min(...alone), shown.join(' against '));
  });

  it('reads again exactly what an edit left marked @slow', async () => {
    const engine = assistant.engine.native;
    const stale = async (): Promise<number> => {
      const states = await engine.segmentStates(repository.segments().map(({ key }) => key));
      return states.reduce((sum, state) => sum + (state?.staleChunks ?? 0), 0);
    };
    const reading = readInBackground({ index: repository, engine });
    await finished(reading);

    const file = join(repository.root, 'src', 'prices', 'apples.ts');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `// One line more.\n${text}`);
    await repository.refresh();
    const fresh = await indexRepository({ index: repository, engine });
    assert.ok((await stale()) > 0, 'nothing was kept from before the edit');
    assert.ok(fresh.tokensComputed < repository.totalTokens / 2);

    reading.refreshed();
    await finished(reading);
    assert.equal(await stale(), 0);
    await reading.stop();
  });

  it('ends with a word where the budget of the store is used up @slow', async () => {
    const kilobytes = 5000; // one file of the shop
    await assistant.engine.native.setStoreBudget(kilobytes * 1000);
    const notes: string[] = [];
    const reading = await new Promise<ReturnType<typeof readInBackground>>((resolve) => {
      const started = readInBackground({
        index: repository,
        engine: assistant.engine.native,
        onNote: (note) => {
          notes.push(note);
          setImmediate(() => resolve(started));
        },
      });
    });
    await reading.stop();
    assert.equal(reading.state().finished, true);
    assert.ok(reading.state().share < 1, String(reading.state().share));
    assert.deepEqual(notes, [
      'The budget of the store is used up. The rest of the folder is read when a question needs it.',
    ]);
  });
});
