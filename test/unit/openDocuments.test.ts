import assert from 'node:assert/strict';
import { OpenDocuments, type OpenDocument } from '../../server/lsp/openDocuments.js';

const folder = 'file:///home/shop';

describe('the documents of an editor', () => {
  let documents: OpenDocuments;

  beforeEach(() => {
    documents = new OpenDocuments();
  });

  const changed = (text: string, uri = `${folder}/basket.ts`): number | undefined => {
    const document: OpenDocument = {
      uri,
      languageId: 'typescript',
      version: 1,
      getText: () => text,
    };
    return documents.changed(document);
  };

  it('tell the line where a change ends', () => {
    assert.equal(changed('a\nb\nc\n'), undefined);
    assert.equal(changed('a\nbb\nc\n'), 2);
    assert.equal(changed('a\nbb\none\ntwo\nc\n'), 5); // whole lines: where the next one begins
    assert.equal(changed('a\nc\n'), 2);
    assert.equal(changed('a\nc\n'), undefined);
    assert.equal(changed('a\nc\nd'), 3);
    assert.equal(changed(''), 1);
  });

  it('are known by their paths, also such as a URI has to encode', () => {
    changed('one', `${folder}/src/my%20file%23.ts`);
    changed('other', 'file:///home/shopping/src/a.ts');
    assert.equal(documents.textOf(folder, 'src/my file#.ts'), 'one');
    assert.equal(documents.textOf(folder, 'src/a.ts'), undefined);
    assert.equal(documents.textOf('file:///home/shopping', 'src/a.ts'), 'other');
  });

  it('are as they are now, until they are closed', () => {
    const uri = `${folder}/basket.ts`;
    let text = 'one';
    documents.changed({ uri, languageId: 'typescript', version: 1, getText: () => text });
    text = 'two';
    assert.equal(documents.textOf(folder, 'basket.ts'), 'two');
    documents.closed(uri);
    assert.equal(documents.textOf(folder, 'basket.ts'), undefined);
    assert.equal(changed('three'), undefined); // opened anew
  });
});
