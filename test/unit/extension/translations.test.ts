import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { viewStrings } from '../../../extension/shared/strings.js';
import { projectRoot } from '../../quality/load.js';

const texts = join(projectRoot(), 'extension', 'l10n');

describe('translations', () => {
  it('has every text of the extension in German, and no other', async () => {
    const german = await json(join(texts, 'bundle.l10n.de.json'));
    const wanted = new Set<string>([...Object.values(viewStrings), ...(await textsInCode())]);
    assert.deepEqual(Object.keys(german).sort(), [...wanted].sort());
  });

  it('keeps the places for values', async () => {
    for (const [english, german] of Object.entries(
      await json(join(texts, 'bundle.l10n.de.json')),
    )) {
      assert.deepEqual(placesIn(german), placesIn(english), english);
    }
  });

  it('has every text that the manifest names, in both languages', async () => {
    const manifest = await readFile(join(projectRoot(), 'package.json'), 'utf8');
    const named = [...new Set(Array.from(manifest.matchAll(/"%([^%"]+)%"/gu), ([, key]) => key))];
    for (const language of ['package.nls.json', 'package.nls.de.json']) {
      assert.deepEqual(
        Object.keys(await json(join(texts, language))).sort(),
        named.sort(),
        language,
      );
    }
  });
});

async function json(file: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
}

function placesIn(text: string): string[] {
  return Array.from(text.matchAll(/\{\d\}/gu), ([place]) => place).sort();
}

/** First arguments of `l10n.t`, which are literals. */
async function textsInCode(): Promise<string[]> {
  const folder = join(projectRoot(), 'extension');
  const found: string[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.ts')) {
      const code = await readFile(join(folder, name), 'utf8');
      for (const [, text] of code.matchAll(/l10n\.t\(\s*'([^']*)'/gu)) {
        found.push(text ?? '');
      }
    }
  }
  return found;
}
