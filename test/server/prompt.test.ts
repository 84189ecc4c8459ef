import assert from 'node:assert/strict';
import { appendFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hasPseudoTerminal,
  homeWithModel,
  leoamJson,
  longShop,
  smallModel,
  startInTerminal,
  startLeoam,
  temporaryRepository,
  type Dialogue,
} from './setup.js';

const question = 'How many items fit into a basket at most?';
const sources = / {2}src\/limits\.ts:\d+-\d+/;
const longQuestion = 'Explain in detail how to build a web shop, step by step.';
const ctrlC = '\x03';
const ctrlD = '\x04';

interface IndexReport {
  tokensComputed: number;
  tokensReused: number;
}

describe('the prompt', function () {
  this.timeout(240_000);
  let home: string;
  let repo: string;
  let ask: string[];
  let common: string[];

  beforeEach(async () => {
    home = await homeWithModel();
    repo = await temporaryRepository(longShop());
    common = ['--model', smallModel, '--threads', '1', '--repo', repo];
    ask = ['ask', ...common, '--max-tokens', '12'];
  });

  const readSoFar = (): Promise<IndexReport> => leoamJson(['index', ...common], home);

  describe('in a terminal', () => {
    before(function () {
      if (!hasPseudoTerminal()) {
        console.log('skipped: there is no python3 to take a pseudo-terminal from');
        this.skip();
      }
    });

    it('answers while the folder is read, and what is typed stays @slow', async () => {
      const dialogue = startInTerminal(ask, home);
      await dialogue.wait(/\(0% read\) > /);
      dialogue.type('How many items');
      await dialogue.wait(/\([1-9]\d?% read, \d+ (s|min) left\) > How many items/);
      dialogue.type(' fit into a basket at most?\r');
      await dialogue.wait(sources);
      await dialogue.wait(/\(\d+% read, \d+ (s|min) left\) > /);
      await dialogue.wait(/The folder is read: [\d,]+ tokens computed\.\r\n.*?> /s);
      dialogue.type(ctrlD);
      assert.equal(await dialogue.exit, 0);
      assert.equal((await readSoFar()).tokensComputed, 0);
    });

    it('stops an answer at Ctrl+C and ends at the next, and keeps what was read @slow', async () => {
      const dialogue = startInTerminal([...ask, '--max-tokens', '2000'], home);
      await dialogue.wait(/\([1-9]\d?% read/);
      await beginAnswer(dialogue, '\r');
      dialogue.type(ctrlC);
      await dialogue.wait(/Stopped\. Ctrl\+C once more/);
      await dialogue.wait(/> /);
      dialogue.type(ctrlC);
      assert.equal(await dialogue.exit, 0);
      assert.ok((await readSoFar()).tokensReused > 0);
    });

    it('asks once before it ends at Ctrl+C', async () => {
      const dialogue = startInTerminal(ask, home);
      await dialogue.wait(/> /);
      dialogue.type(ctrlC);
      await dialogue.wait(/Ctrl\+C once more \(or Ctrl\+D\) to leave\.\r\n.*?> /s);
      dialogue.type(ctrlC);
      assert.equal(await dialogue.exit, 0);
    });

    it('ends at Ctrl+D although an answer is being written @slow', async () => {
      const dialogue = startInTerminal([...ask, '--max-tokens', '2000'], home);
      await dialogue.wait(/> /);
      await beginAnswer(dialogue, '\r');
      dialogue.type(ctrlD);
      assert.equal(await dialogue.exit, 0);
    });
  });

  it('notices at the next question what was edited and removed @slow', async () => {
    const dialogue = startLeoam(ask, home);
    await askAndWait(dialogue);
    await appendFile(join(repo, 'src/limits.ts'), 'export const MAX_BASKETS = 3;\n');
    await unlink(join(repo, 'src/prices/figs.ts'));
    await askAndWait(dialogue, /src\/limits\.ts has changed: a new conversation\./);
    await dialogue.wait(/The folder is read/);
    dialogue.end();
    assert.equal(await dialogue.exit, 0);
    assert.equal((await readSoFar()).tokensComputed, 0, 'the edited file was read as well');
  });

  it('says under an answer how far the reading is where there is no terminal @slow', async () => {
    const dialogue = startLeoam(ask, home);
    await askAndWait(dialogue);
    await dialogue.wait(/The folder: \d+% read/);
    dialogue.end();
    assert.equal(await dialogue.exit, 0);
  });

  it('ends at a signal in the middle of an answer @slow', async () => {
    const dialogue = startLeoam([...ask, '--max-tokens', '2000'], home);
    await dialogue.wait(/> /);
    await beginAnswer(dialogue, '\n');
    dialogue.signal('SIGTERM');
    assert.equal(await dialogue.exit, 1);
    assert.match(dialogue.output(), /Stopped/);
  });
});

async function askAndWait(dialogue: Dialogue, until: RegExp = sources): Promise<void> {
  await dialogue.wait(/> /);
  dialogue.type(`${question}\n`);
  await dialogue.wait(until);
}

/** Asks for a long answer and waits for its first word; a terminal shows the question first. */
async function beginAnswer(dialogue: Dialogue, lineEnd: string): Promise<void> {
  dialogue.type(longQuestion + lineEnd);
  if (lineEnd === '\r') {
    await dialogue.wait(/step by step\.\s*\n/);
  }
  await dialogue.wait(/[A-Za-z]{3}/);
}
