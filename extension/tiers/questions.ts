// What is asked before stored KV goes, in the user's language.

import * as vscode from 'vscode';
import { bytesText, countText } from './figures.js';
import type { Place } from './places.js';

export function dropQuestion(places: readonly Place[]): string {
  return vscode.l10n.t(
    'Drop {0} of stored KV? Its {1} tokens are computed again when a question needs them.',
    bytesText(sum(places, ({ bytes }) => bytes)),
    countText(sum(places, ({ tokensStored }) => tokensStored)),
  );
}

/** Undefined where nothing is stored that would go. */
export function readAgainQuestion(places: readonly Place[]): string | undefined {
  const bytes = sum(places, (place) => place.bytes);
  return bytes === 0
    ? undefined
    : vscode.l10n.t(
        'Read {0} tokens again? The {1} of KV that is stored of them is dropped first.',
        countText(sum(places, ({ tokens }) => tokens)),
        bytesText(bytes),
      );
}

function sum(places: readonly Place[], of: (place: Place) => number): number {
  return places.reduce((total, place) => total + of(place), 0);
}
