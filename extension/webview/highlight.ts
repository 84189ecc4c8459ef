// Code with its syntax marked, as HTML text. Only languages that are registered here are known.

import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  kotlin,
  markdown,
  php,
  python,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

for (const [name, language] of Object.entries(languages)) {
  hljs.registerLanguage(name, language);
}
hljs.registerAliases(['shell', 'console'], { languageName: 'bash' });

/** Longer code is shown plain: while it streams it is marked anew for each frame. */
const maxLength = 50_000;

/** An answer is drawn again with each piece of text; its finished code is not marked again. */
const cache = new Map<string, string>();
const cacheEntries = 100;

/** The code as HTML in which spans carry the classes of highlight.js. */
export function highlight(code: string, language: string): string {
  if (code.length > maxLength || hljs.getLanguage(language) === undefined) {
    return escapeHtml(code);
  }
  const key = `${language}\n${code}`;
  const known = cache.get(key);
  if (known !== undefined) {
    return known;
  }
  const html = hljs.highlight(code, { language, ignoreIllegals: true }).value;
  const oldest = cache.keys().next();
  if (cache.size >= cacheEntries && oldest.done !== true) {
    cache.delete(oldest.value);
  }
  cache.set(key, html);
  return html;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text as it must be written in HTML and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/gu, (character) => entities[character] ?? character);
}
