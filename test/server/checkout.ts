// A file to be filled in, in the repository of `shopFiles`, and a model that can.

import { homeFolder, modelPath } from '../../server/models/index.js';

/** The smallest model that was made to fill in. */
export const fillingModel = modelPath(homeFolder(), 'qwen2.5-coder-0.5b-instruct-q4_k_m');

export const checkoutPath = 'src/checkout.ts';

/** What lies between imports and the function with the hole is up to the test. */
export function checkoutText(between: readonly string[] = []): string {
  return [
    "import { FREE_SHIPPING_CENTS, isFreeShipping } from './limits.js';",
    '',
    ...between,
    '/** What shipping costs for a basket. */',
    'export function shippingCents(totalCents: number): number {',
    '  if ()',
    '    return 0;',
    '  return 490;',
    '}',
    '',
  ].join('\n');
}

/** Between the brackets of `if ()`. */
export function holeIn(text: string): number {
  return text.indexOf('if (') + 'if ('.length;
}

/** So much that it tells whether all of it is computed or little. */
export const helperLines = [
  'apples',
  'bread',
  'cheese',
  'dates',
  'eggs',
  'figs',
  'grapes',
  'honey',
].flatMap((name, i) => [
  `/** What ${name} cost, for as many as are in the basket. */`,
  `export function ${name}Cents(count: number): number {`,
  `  const cents = count * ${37 + 11 * i};`,
  `  return count > ${10 + i} ? cents - ${i} : cents;`,
  '}',
  '',
]);
