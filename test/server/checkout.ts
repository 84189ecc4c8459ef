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
