import assert from 'node:assert/strict';
import type { FileEntry } from '../../server/index/types.js';
import { unseenMentions } from '../../server/chat/unseenMentions.js';

const repository = {
  files: ['src/a.ts', 'src/deep/b.ts', 'c.md'].map((path) => ({ path }) as FileEntry),
  skipped: [
    { path: 'logo.png', reason: 'binary' },
    { path: 'dist/', reason: 'ignored by .gitignore' },
  ],
};

describe('what is named beside a question and cannot be seen', () => {
  it('is nothing where all is read', () => {
    assert.equal(unseenMentions(repository, []), undefined);
    assert.equal(unseenMentions(repository, ['src/a.ts', 'src/', 'src/deep/']), undefined);
  });

  it('is told with the reason why it is not read', () => {
    assert.equal(
      unseenMentions(repository, ['logo.png', 'c.md', 'dist/main.js']),
      'The answer does not rest on logo.png, which LeoAM does not read (binary). ' +
        'The answer does not rest on dist/main.js, which LeoAM does not read (ignored by .gitignore).',
    );
    assert.match(unseenMentions(repository, ['gone.ts']) ?? '', /gone\.ts.* or is gone\)\.$/u);
    assert.match(unseenMentions(repository, ['dist/']) ?? '', /ignored by \.gitignore/u);
  });

  it('is what a whole repository in the window has no room for', () => {
    const unseen = ['src/deep/b.ts'];
    const whole = { paths: ['src/a.ts', 'c.md'], mentioned: unseen };
    assert.equal(unseenMentions(repository, ['src/', 'c.md'], whole), undefined);
    assert.match(
      unseenMentions(repository, unseen, whole) ?? '',
      /no room for src\/deep\/b\.ts\.$/u,
    );
    assert.match(
      unseenMentions(repository, unseen, { ...whole, mentioned: ['c.md'] }) ?? '',
      /^src\/deep\/b\.ts is not among .*: ask in a new chat\.$/u,
    );
  });

  it('is told in three sentences at most', () => {
    const many = ['1', '2', '3', '4'].map((name) => `${name}.ts`);
    assert.equal(unseenMentions(repository, many)?.match(/does not rest/gu)?.length, 3);
  });
});
