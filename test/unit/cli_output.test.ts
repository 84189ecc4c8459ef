import assert from 'node:assert/strict';
import { fetchProgressLine, terminalOutput, type Output } from '../../server/cli/output.js';

/** An output whose standard error is kept; `columns`: it is a terminal of that width. */
function outputTo(written: string[], columns?: number): Output {
  const stderr = {
    isTTY: columns !== undefined,
    columns,
    write: (text: string) => written.push(text),
  };
  return terminalOutput(false, process.stdout, stderr as unknown as NodeJS.WriteStream);
}

describe('fetching a model on a terminal', () => {
  it('is shown as a bar that fits its width', () => {
    for (const columns of [60, 80, 100, 200]) {
      const written: string[] = [];
      outputTo(written, columns).fetching(120e6, 480e6, 12e6);
      const line = written.join('').replace('\r\x1b[K', '');
      assert.ok(line.length < columns, line);
      assert.equal(/\[#+ +\] 25 %/.test(line), columns >= 80, line);
      assert.match(line, /120\.0 MB of 480\.0 MB/);
    }
  });

  it('is a plain line without a terminal, and not one for every step', () => {
    const written: string[] = [];
    const output = outputTo(written);
    for (let done = 0; done < 100e6; done += 1e6) {
      output.fetching(done, 100e6, 1e6);
    }
    assert.equal(written.length, 1);
    assert.equal(written[0], 'Fetching the model: 0 B of 100.0 MB, 1.0 MB/s, 2 min left\n');
  });

  it('has no bar while the size is unknown', () => {
    assert.equal(fetchProgressLine(5e6, 0, 1e6, 100), 'Fetching the model: 5.0 MB, 1.0 MB/s');
  });

  it('is full at the end', () => {
    assert.match(fetchProgressLine(480e6, 480e6, 12e6, 100), /\[#+\] 100 %, 480\.0 MB of/);
  });
});
