import assert from 'node:assert/strict';
import {
  choiceOption,
  numberOption,
  parseCommandLine,
  UsageError,
  type CommandLine,
} from '../../server/cli/arguments.js';

function parse(...args: string[]): CommandLine {
  const parsed = parseCommandLine(args);
  assert.ok('values' in parsed);
  return parsed;
}

function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return assert.fail('accepted');
}

describe('command line', () => {
  it('takes options before and after the question', () => {
    const line = parse('--json', 'ask', 'Why?', '--repo', 'x');
    assert.equal(line.command, 'ask');
    assert.deepEqual(line.positionals, ['Why?']);
    assert.deepEqual({ ...line.values }, { json: true, repo: 'x' });
  });

  it('names an unknown command and the known ones', () => {
    assert.match(
      complaint(() => parse('frobnicate')),
      /no command "frobnicate".*index, ask, complete, eval/,
    );
  });

  it('names an unknown option in one sentence', () => {
    assert.match(
      complaint(() => parse('ask', '--colour')),
      /--colour/,
    );
  });

  it('takes --kv where a conversation is held, and names its two values', () => {
    const line = parse('ask', '--kv', 'q8');
    assert.equal(choiceOption(line, 'kv', ['f16', 'q8']), 'q8');
    assert.match(
      complaint(() => choiceOption(parse('ask', '--kv', 'q4'), 'kv', ['f16', 'q8'])),
      /--kv is one of f16, q8, not "q4"/,
    );
    assert.match(
      complaint(() => parse('index', '--kv', 'q8')),
      /"leoam index".*--kv/,
    );
  });

  it('refuses an option that another command takes', () => {
    assert.match(
      complaint(() => parse('index', '--mode', 'rag')),
      /"leoam index".*--mode/,
    );
  });

  it('says which values a choice has', () => {
    const line = parse('ask', '--mode', 'fast');
    assert.match(
      complaint(() => choiceOption(line, 'mode', ['leoam', 'rag'])),
      /leoam, rag/,
    );
  });

  it('refuses numbers that are none, fractions and numbers out of range', () => {
    for (const value of ['many', '1.5', '0', '']) {
      const line = parse('ask', '--max-tokens', value);
      assert.match(
        complaint(() => numberOption(line, 'max-tokens', { min: 1 })),
        /whole number/,
      );
    }
  });
});
