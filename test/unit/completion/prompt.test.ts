import assert from 'node:assert/strict';
import { approximations, type Approximations } from '../../../server/completion/approximations.js';
import type { Layout } from '../../../server/completion/layout.js';
import { cursorPrompt } from '../../../server/completion/prompt.js';
import { TokenCache } from '../../../server/completion/tokenCache.js';
import type { Part } from '../../../server/engine/addon.js';

/** A token a character, and marks that no character is. */
const codes = (text: string): Int32Array => Int32Array.from(text, (one) => one.charCodeAt(0));
const marks = { '‹': -1, '›': -2, '‸': -3 };
const frame = {
  header: codes('#'),
  marks: {
    prefix: Int32Array.of(marks['‹']),
    suffix: Int32Array.of(marks['›']),
    middle: Int32Array.of(marks['‸']),
  },
  tokens: new TokenCache({ tokenize: async (texts) => texts.map(codes) }),
};

const stored = (key: string) => ({
  ...{ kind: 'stored' as const, start: 0, text: key, tokens: 7 },
  part: { kind: 'chunks' as const, key, first: 0, last: 1 },
});
const layout: Layout = {
  start: 0,
  imports: [stored('I')],
  before: [stored('A'), { kind: 'text', text: 'ab' }],
  behind: [{ kind: 'text', text: 'yz' }, stored('B')],
  outside: ['', ''],
};

/** As one text; what is moved stands in brackets. */
function written(parts: readonly Part[]): string {
  const names = new Map(Object.entries(marks).map(([name, token]) => [token, name]));
  return parts
    .map((part) => {
      const text =
        part.kind === 'chunks'
          ? part.key
          : [...part.tokens].map((one) => names.get(one) ?? String.fromCharCode(one)).join('');
      return 'movable' in part && part.movable ? `[${text}]` : text;
    })
    .join(' ');
}

async function promptOf(changed: Partial<Approximations>): Promise<string> {
  const { evidence, question, tokens, before } = await cursorPrompt(layout, {
    ...frame,
    approximations: approximations('leoam', changed),
  });
  const imports = changed.imports === 'off' ? 0 : 7;
  assert.equal(tokens, imports + 7 + 7 + 'ab'.length + 'yz'.length + '#‹›‸'.length);
  assert.deepEqual([...before], [...codes('ab')]);
  return `${written(evidence)} | ${written(question)}`;
}

describe('the prompt of a cursor', () => {
  it('has what stands behind in front of the middle, moved', async () => {
    assert.equal(await promptOf({}), '#‹ I A | ab › [yz] [B] ‸');
  });

  it('has text behind the cursor in its place where it is read again', async () => {
    assert.equal(await promptOf({ behind: 'read' }), '#‹ I A | ab › yz [B] ‸');
  });

  it('has the mark in front of that moved as well where it is not to be computed anew', async () => {
    assert.equal(await promptOf({ behind: 'withMark' }), '#‹ I A | ab [›] [yz] [B] ‸');
  });

  it('does without what the file imports', async () => {
    assert.equal(await promptOf({ imports: 'off' }), '#‹ A | ab › [yz] [B] ‸');
  });

  it('begins with what stands behind, where nothing of it is moved, with the suffix first', async () => {
    assert.equal(await promptOf({ order: 'spm' }), '#› yz B ‹ I A | ab ‸');
  });
});
