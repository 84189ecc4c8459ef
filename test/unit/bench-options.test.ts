import assert from 'node:assert/strict';
import { benchOptions } from '../bench/support.js';

describe('the options of a bench', () => {
  it('are those that all have and its own', () => {
    const args = ['--model', 'tiny', '--rows=pp512', '--quick'];
    const values = benchOptions(args, ['rows', 'kv'], ['quick', 'fresh']);
    assert.equal(values.model, 'tiny');
    assert.equal(values.rows, 'pp512');
    assert.equal(values.kv, undefined);
    assert.equal(values.threads, undefined);
    assert.deepEqual([values.quick, values.fresh], [true, false]);
  });

  it('are no others', () => {
    assert.throws(() => benchOptions(['--rounds', '3'], ['rows']), /--rounds/);
  });
});
