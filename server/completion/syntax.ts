// Whether a statement is whole, where a grammar can tell: brackets and indentation do not know
// that "a = b +" goes on. A parse of the document takes some milliseconds, so this is asked at
// line ends, not at each piece.

import type { Node } from '@vscode/tree-sitter-wasm';
import type { Reader } from '../index/grammars.js';
import type { Place } from './place.js';
import { lineStart } from './steps/cursorLine.js';

/** A longer document takes too long to parse between two tokens, and one of many errors may. */
const mostCharacters = 200_000;
const mostMs = 200;

/**
 * Whether the last statement of `written`, which is at the cursor, ends there. Undefined where
 * the grammar cannot tell, as in a document that it does not understand; an open bracket is
 * enough for that in Python.
 */
export function isWholeStatement(
  written: string,
  place: Place,
  reader: Pick<Reader, 'parse' | 'letGo'>,
): boolean | undefined {
  const { text, offset } = place;
  const content = written.trimEnd();
  const document = text.slice(0, offset) + written + text.slice(offset);
  if (content === '' || document.length > mostCharacters) {
    return undefined;
  }
  const tree = reader.parse(document, mostMs);
  if (!tree) {
    return undefined;
  }
  try {
    const end = offset + content.length;
    const last = tree.rootNode.descendantForIndex(end - 1);
    const statement = last && outermostFrom(last, lineStart(text, offset));
    if (!statement || isWithinError(statement)) {
      return undefined;
    }
    return !statement.hasError && statement.endIndex <= offset + written.length;
  } finally {
    reader.letGo(tree);
  }
}

/** The largest node around `node` that begins at `start` or behind it. */
function outermostFrom(node: Node, start: number): Node {
  let outermost = node;
  for (const around of nodesAround(node)) {
    // A block without brackets begins with its first statement.
    const isBlock = around.type === 'block' && !around.text.startsWith('{');
    if (around.parent === null || isBlock || around.startIndex < start) {
      break;
    }
    outermost = around;
  }
  return outermost;
}

function isWithinError(node: Node): boolean {
  return node.isError || [...nodesAround(node)].some(({ isError }) => isError);
}

/** The root last. */
function* nodesAround(node: Node): Generator<Node> {
  for (let around = node.parent; around !== null; around = around.parent) {
    yield around;
  }
}
