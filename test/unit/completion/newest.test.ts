import assert from 'node:assert/strict';
import { Newest } from '../../../server/completion/newest.js';

/** Work that ends when it is told to, or when it is aborted. */
class Task {
  begun = false;
  ended = false;
  signal: AbortSignal | undefined;
  private finish: (() => void) | undefined;

  /** `afterAbort`: what it does then; it may take its time. */
  constructor(private readonly afterAbort: () => Promise<void> = async () => undefined) {}

  readonly work = async (until: AbortSignal): Promise<string> => {
    this.begun = true;
    this.signal = until;
    await new Promise<void>((resolve) => {
      this.finish = resolve;
      until.addEventListener('abort', () => resolve());
    });
    if (until.aborted) {
      await this.afterAbort();
    }
    this.ended = true;
    return 'done';
  };

  end(): void {
    assert.ok(this.finish !== undefined, 'it has not begun');
    this.finish();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the newest of several pieces of work', () => {
  let newest: Newest;

  beforeEach(() => {
    newest = new Newest();
  });

  it('runs, and gives its result', async () => {
    assert.equal(newest.isBusy, false);
    const task = new Task();
    const result = newest.run(undefined, task.work);
    await turn();
    assert.equal(newest.isBusy, true);
    task.end();
    assert.equal(await result, 'done');
    assert.equal(newest.isBusy, false);
  });

  it('begins only when the one before has ended', async () => {
    let letGo: () => void = () => undefined;
    const first = new Task(() => new Promise((resolve) => (letGo = resolve)));
    const second = new Task();
    const one = newest.run(undefined, first.work);
    await turn();
    const two = newest.run(undefined, second.work);
    await turn();
    assert.equal(first.signal?.aborted, true);
    assert.equal(second.begun, false);
    letGo();
    await one;
    await turn();
    assert.equal(first.ended, true);
    assert.equal(second.begun, true);
    assert.equal(second.signal?.aborted, false);
    second.end();
    assert.equal(await two, 'done');
  });

  it('leaves out those that were outdone before they began', async () => {
    const tasks = [new Task(), new Task(), new Task(), new Task()];
    const results = tasks.map((task) => newest.run(undefined, task.work));
    await turn();
    tasks[3]!.end();
    assert.deepEqual(await Promise.all(results.slice(0, 3)), [undefined, undefined, undefined]);
    assert.equal(await results[3], 'done');
    assert.ok(tasks.slice(1, 3).every((task) => !task.begun));
    assert.equal(newest.isBusy, false);
  });

  it('does not begin where its own signal has fired', async () => {
    const task = new Task();
    assert.equal(await newest.run(AbortSignal.abort(), task.work), undefined);
    assert.equal(task.begun, false);
    assert.equal(newest.isBusy, false);
  });

  it('is told to end by its own signal', async () => {
    const controller = new AbortController();
    const task = new Task();
    const result = newest.run(controller.signal, task.work);
    await turn();
    controller.abort();
    await result;
    assert.equal(task.signal?.aborted, true);
    assert.equal(newest.isBusy, false);
  });

  it('hides an error of what was aborted', async () => {
    const failing = new Task(() => Promise.reject(new Error('I was not done')));
    const one = newest.run(undefined, failing.work);
    await turn();
    const two = newest.run(undefined, async () => 2);
    assert.equal(await one, undefined);
    assert.equal(await two, 2);
  });

  it('passes on any other error, and goes on', async () => {
    await assert.rejects(
      newest.run(undefined, async () => {
        throw new Error('no memory');
      }),
      /no memory/u,
    );
    assert.equal(newest.isBusy, false);
    assert.equal(await newest.run(undefined, async () => 2), 2);
  });

  it('passes on an error that is thrown before a promise is made', async () => {
    const work = (): Promise<never> => {
      throw new Error('at once');
    };
    await assert.rejects(newest.run(undefined, work), /at once/u);
    assert.equal(await newest.run(undefined, async () => 2), 2);
  });

  it('gives nothing where it ends as it is aborted', async () => {
    const first = new Task();
    const one = newest.run(undefined, first.work);
    await turn();
    const two = newest.run(undefined, async () => 2);
    assert.equal(await one, undefined);
    assert.equal(await two, 2);
  });

  it('is closed, which takes until it has ended, and then runs nothing', async () => {
    const task = new Task(turn);
    const result = newest.run(undefined, task.work);
    await turn();
    await newest.close();
    assert.equal(task.ended, true);
    await result;
    assert.equal(newest.isBusy, false);
    assert.equal(await newest.run(undefined, async () => 2), undefined);
  });

  it('never has two at work, whatever comes when', async () => {
    let running = 0;
    let most = 0;
    const results: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i++) {
      results.push(
        newest.run(undefined, async () => {
          most = Math.max(most, ++running);
          await turn();
          await turn();
          running--;
        }),
      );
      if (i % 3 === 0) {
        await turn();
      }
    }
    await Promise.all(results);
    assert.equal(most, 1);
    assert.equal(newest.isBusy, false);
  });
});
