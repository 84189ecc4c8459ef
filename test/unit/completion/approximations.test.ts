import assert from 'node:assert/strict';
import { approximations, parseMode } from '../../../server/completion/approximations.js';

describe('a mode of filling in', () => {
  it('is a named one, with single switches set otherwise', () => {
    assert.deepEqual(parseMode('leoam'), {
      ...{
        evidence: 'stored',
        file: 'stored',
        behind: 'moved',
        order: 'psm',
        healing: 'on',
        imports: 'on',
      },
    });
    assert.deepEqual(parseMode('exact'), {
      ...{
        evidence: 'text',
        file: 'read',
        behind: 'read',
        order: 'psm',
        healing: 'on',
        imports: 'on',
      },
    });
    assert.deepEqual(
      parseMode('leoam:order=spm:file=before'),
      approximations('leoam', { order: 'spm', file: 'before' }),
    );
  });

  it('is none where a name, a switch or its value is not known', () => {
    const wrong = ['', 'best', 'leoam:', 'leoam:order', 'leoam:order=pms', 'leoam:speed=high'];
    for (const text of wrong) {
      assert.equal(parseMode(text), undefined, text);
    }
  });
});
