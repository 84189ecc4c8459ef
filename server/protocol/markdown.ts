// PROTOCOL.md from the schemas, so that it cannot say anything else than the code.

import { z } from 'zod';
import { serverOptions } from './options.js';
import { notifications, requests } from './protocol.js';

interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
}

/** The whole document. */
export function protocolMarkdown(): string {
  return [
    '# Protocol between the extension and the server',
    'Made from `server/protocol/` by `node scripts/protocol.mjs`. Language Server Protocol over standard input and output; these are the messages beyond it. A request whose parameters do not fit is refused with code -32602 and a sentence that names the field; a failure has code -32803, one sentence for the user and `data.code`.',
    '## Options (`initializationOptions`)',
    block(serverOptions),
    '## Requests from the client',
    ...requests.flatMap(({ name, doc, params, result }) => [
      `### ${name}`,
      doc,
      'Parameters:',
      block(params),
      'Result:',
      block(result),
    ]),
    '## Notifications from the server',
    ...notifications.flatMap(({ name, doc, params }) => [`### ${name}`, doc, block(params)]),
  ]
    .join('\n\n')
    .concat('\n');
}

function block(schema: z.ZodType): string {
  return `\`\`\`ts\n${typeText(z.toJSONSchema(schema) as JsonSchema, '')}\n\`\`\``;
}

/** A schema as a TypeScript type. */
function typeText(schema: JsonSchema, indent: string): string {
  const either = schema.oneOf ?? schema.anyOf;
  if (either !== undefined) {
    return either.map((option) => typeText(option, indent)).join(' | ');
  }
  if (schema.const !== undefined) {
    return JSON.stringify(schema.const);
  }
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  }
  if (schema.type === 'array') {
    const item = typeText(schema.items ?? {}, indent);
    return /[ |]/u.test(item) ? `Array<${item}>` : `${item}[]`;
  }
  if (schema.type === 'object') {
    return objectText(schema, indent);
  }
  return schema.type === 'integer' ? 'number' : (schema.type ?? 'unknown');
}

function objectText({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(
    ([name, property]) =>
      `${inner}${name}${required.includes(name) ? '' : '?'}: ${typeText(property, inner)};`,
  );
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`;
}
