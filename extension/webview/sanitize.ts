// The second wall behind markdown.ts: whatever HTML came out there, only these elements and
// attributes reach the page. No addresses, no styles, no names that scripts could stumble over.

import DOMPurify from 'dompurify';

const tags = [
  'p',
  'br',
  'hr',
  'strong',
  'em',
  's',
  'span',
  'code',
  'pre',
  'blockquote',
  'ul',
  'ol',
  'li',
  'h3',
  'h4',
  'h5',
  'h6',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
];

/** Our own classes, and those of highlight.js (`hljs-title function_`). */
const allowedClass =
  /^(?:link|link-target|image|align-(?:left|center|right)|hljs(?:-[a-z_-]+)?|[a-z]+_{1,3}|language-[\w+#.-]+)$/u;

DOMPurify.addHook('uponSanitizeAttribute', (_node, attribute) => {
  if (attribute.attrName === 'class') {
    const classes = attribute.attrValue.split(/\s+/u).filter((name) => allowedClass.test(name));
    attribute.attrValue = classes.join(' ');
    attribute.keepAttr = classes.length > 0;
  }
});

/** HTML text as nodes that can be added to the page. */
export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['class', 'title', 'start'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
