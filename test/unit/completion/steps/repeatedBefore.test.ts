import assert from 'node:assert/strict';
import { repeatedBefore } from '../../../../server/completion/steps/repeatedBefore.js';
import { after } from './sample.js';

describe('the lines before the cursor', () => {
  it('are not suggested once more', () => {
    assert.equal(after(repeatedBefore, '  add(a);\n  ‸\n', 'add(a);'), 'repeatsText');
    assert.equal(after(repeatedBefore, 'one();\ntwo();\n‸', 'one();\ntwo();'), 'repeatsText');
  });

  it('are not suggested once more over blank lines and with "\\r\\n"', () => {
    assert.equal(
      after(repeatedBefore, 'one();\r\n\r\ntwo();\r\n\r\n‸', 'one();\n\ntwo();\n'),
      'repeatsText',
    );
  });

  it('are not suggested once more where one of them was begun', () => {
    assert.equal(after(repeatedBefore, 'one();\ntwo();\no‸', 'ne();\ntwo();'), 'repeatsText');
  });

  it('may come again where one line was begun by hand', () => {
    assert.equal(after(repeatedBefore, 'i.next();\ni.‸', 'next();'), 'i.next();\ni.next();‸');
  });

  it('may come again at another depth', () => {
    assert.equal(after(repeatedBefore, '    </div>\n  ‸', '</div>'), '    </div>\n  </div>‸');
  });

  it('may be the start of more', () => {
    assert.equal(after(repeatedBefore, 'one();\n‸', 'one();\ntwo();'), 'one();\none();\ntwo();‸');
  });

  it('may be brackets', () => {
    assert.equal(after(repeatedBefore, '}\n‸', '}'), '}\n}‸');
  });

  it('are none in an empty file', () => {
    assert.equal(after(repeatedBefore, '‸', 'one();'), 'one();‸');
  });
});
