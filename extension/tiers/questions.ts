// What is asked before stored KV goes, in the user's language.

import * as vscode from 'vscode';
import type { TiersView } from '../../server/protocol/tiers.js';
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

/** Undefined where the store keeps to a budget of so many bytes, 0 for any, as it is. */
export function budgetQuestion(disk: TiersView['disk'], budget: number): string | undefined {
  const excess = budget === 0 ? 0 : disk.bytes - budget;
  if (excess <= 0) {
    return undefined;
  }
  const goes = Math.min(excess, disk.bytes - disk.pinnedBytes);
  const going = vscode.l10n.t(
    'With this budget {0} of stored KV go, the least recently used first: about {1} tokens, which are computed again when they are needed.',
    bytesText(goes),
    countText(Math.round((disk.tokens * goes) / disk.bytes)),
  );
  const staying = vscode.l10n.t(
    'What is pinned stays, although it takes more than this budget: {0}.',
    bytesText(disk.pinnedBytes),
  );
  return [...(goes > 0 ? [going] : []), ...(goes < excess ? [staying] : [])].join(' ');
}

/**
 * Of a budget that takes effect with a new start of the server: what that costs. `used`: what lies
 * under the budget now.
 */
export function newStartQuestion({ ram, gpu }: TiersView, used: number, budget: number): string {
  const moved = ram.segmentBytes - ram.refusedBytes;
  return [
    vscode.l10n.t(
      'LeoAM starts anew for this, in every window: an answer that is being written ends, and what chats and suggestions hold ({0}) is computed or read again when they go on.',
      bytesText(ram.sessionBytes + (gpu?.bytes ?? 0)),
    ),
    ...(moved > 0
      ? [vscode.l10n.t('What was moved to RAM ({0}) is read from disk again.', bytesText(moved))]
      : []),
    ...(ram.refusedBytes > 0
      ? [
          vscode.l10n.t(
            'What the disk refused ({0}) is lost, and computed again when it is needed.',
            bytesText(ram.refusedBytes),
          ),
        ]
      : []),
    ...(used > budget
      ? [
          vscode.l10n.t(
            'Of the {0} that lie there now, {1} find no room any more.',
            bytesText(used),
            bytesText(used - budget),
          ),
        ]
      : []),
  ].join(' ');
}

export async function confirmed(question: string, yes: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true }, yes)) === yes;
}

function sum(places: readonly Place[], of: (place: Place) => number): number {
  return places.reduce((total, place) => total + of(place), 0);
}
