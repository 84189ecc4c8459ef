// Markdown that a model wrote, as HTML text. Raw HTML stays text, links and images are named but
// never become something that can be followed or loaded: an address is a way out for data.

import MarkdownIt from 'markdown-it';
import { escapeHtml, highlight } from './highlight.js';
import { visibleName } from './names.js';

/** Texts that stand in for what is not shown. */
export interface MarkdownLabels {
  link(target: string): string;
  image(target: string): string;
}

/** Renders Markdown block by block, so that while it grows only the last ones need replacing. */
export type RenderMarkdown = (markdown: string) => string[];

interface TokenLike {
  readonly type: string;
  readonly content: string;
  attrGet(name: string): string | number | null;
}

/** Headings stand below those of the view, which end at the second level. */
const headingShift = 2;

export function createMarkdown(labels: MarkdownLabels): RenderMarkdown {
  const parser = new MarkdownIt({ html: false, linkify: false });
  // Targets are shown and never opened, so the bad ones may be seen as well.
  parser.validateLink = () => true;
  const { rules } = parser.renderer;

  rules['link_open'] = (tokens, index) => {
    const label = labels.link(attribute(tokens[index], 'href'));
    return `<span class="link" title="${escapeHtml(label)}">`;
  };
  rules['link_close'] = (tokens, index) => {
    const { target, label } = linkBefore(tokens, index);
    const shown = label === target ? '' : ` (${target})`;
    return `</span><span class="link-target">${escapeHtml(shown)}</span>`;
  };
  rules['image'] = (tokens, index) => {
    const label = labels.image(attribute(tokens[index], 'src'));
    const alt = tokens[index]?.content ?? '';
    const shown = alt === '' ? label : `${alt} (${label})`;
    return `<span class="image">${escapeHtml(shown)}</span>`;
  };
  rules['fence'] = (tokens, index) =>
    codeBlock(tokens[index]?.content ?? '', languageOf(tokens[index]?.info ?? ''));
  rules['code_block'] = (tokens, index) => codeBlock(tokens[index]?.content ?? '', '');
  rules['th_open'] = (tokens, index) => `<th${alignment(tokens[index])}>`;
  rules['td_open'] = (tokens, index) => `<td${alignment(tokens[index])}>`;

  return (markdown) => {
    const environment = {};
    const tokens = parser.parse(markdown, environment);
    const blocks: string[] = [];
    let start = 0;
    let depth = 0;
    tokens.forEach((token, index) => {
      if (token.type === 'heading_open' || token.type === 'heading_close') {
        token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + headingShift)}`;
      }
      depth += token.nesting;
      if (depth === 0) {
        const block = tokens.slice(start, index + 1);
        blocks.push(parser.renderer.render(block, parser.options, environment));
        start = index + 1;
      }
    });
    return blocks;
  };
}

/** The language of a fence's first line: a word, without what some models put behind it. */
export function languageOf(info: string): string {
  const word = /^[\w+#.-]{1,40}/u.exec(info.trim());
  return word?.[0].toLowerCase() ?? '';
}

function codeBlock(code: string, language: string): string {
  const named = language === '' ? '' : ` language-${escapeHtml(language)}`;
  return `<pre><code class="hljs${named}">${highlight(code, language)}</code></pre>`;
}

function attribute(token: TokenLike | undefined, name: string): string {
  return visibleName(String(token?.attrGet(name) ?? ''));
}

/** Links do not nest, so the nearest opening belongs to this end. */
function linkBefore(tokens: readonly TokenLike[], end: number): { target: string; label: string } {
  const before = tokens.slice(0, end);
  const open = before.map(({ type }) => type).lastIndexOf('link_open');
  const label = before
    .slice(open + 1)
    .map(({ content }) => content)
    .join('');
  return { target: attribute(before[open], 'href'), label };
}

/** A style attribute would not survive; a class does. */
function alignment(token: TokenLike | undefined): string {
  const style = String(token?.attrGet('style') ?? '');
  const side = /^text-align:(left|center|right)$/u.exec(style)?.[1];
  return side === undefined ? '' : ` class="align-${side}"`;
}
