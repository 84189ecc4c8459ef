// Figures of the tiers in words, in the user's language.

import * as vscode from 'vscode';
import type { AnswerInTiers, TiersView } from '../../server/protocol/tiers.js';
import type { Place } from './places.js';

export function bytesText(bytes: number): string {
  const [unit, size, digits]: [string, number, number] =
    bytes >= 1e9 ? ['GB', 1e9, 1] : bytes >= 1e6 ? ['MB', 1e6, 1] : ['kB', 1e3, 0];
  const number = (bytes / size).toLocaleString(vscode.env.language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${number} ${unit}`;
}

export function countText(count: number): string {
  return count.toLocaleString(vscode.env.language);
}

export function percentText(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

/**
 * Of the tokens that the latest answers took from files and from the chat, those whose KV was there,
 * in whichever tier, and was not computed; undefined before the first answer.
 */
export function reusedShare(answers: readonly AnswerInTiers[]): number | undefined {
  const sum = (of: (answer: AnswerInTiers) => number): number =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const reused = sum(({ tokensReused }) => tokensReused);
  const computed = sum(({ repoTokensComputed }) => repoTokensComputed);
  return reused + computed > 0 ? reused / (reused + computed) : undefined;
}

export function diskText({ disk, answers }: TiersView): string {
  const reused = reusedShare(answers);
  return tierText(
    disk.bytes,
    disk.budgetBytes,
    reused === undefined ? undefined : vscode.l10n.t('{0} of tokens reused', percentText(reused)),
    chunksText(disk.chunks),
  );
}

export function ramText({ ram }: TiersView): string {
  const { evidence } = ram;
  const all = ram.sessionBytes + ram.segmentBytes;
  if (evidence === undefined) {
    return tierText(all, 0);
  }
  const { bytes, budgetBytes, blocks, hitRate } = evidence;
  const budget = vscode.l10n.t('repositories {0} of {1}', bytesText(bytes), bytesText(budgetBytes));
  return tierText(all, 0, hitText(hitRate), budget, blocksText(blocks));
}

function chunksText(count: number): string {
  return vscode.l10n.t('{0} chunks', countText(count));
}

/** A block is one layer of a chunk. */
function blocksText(count: number): string {
  return vscode.l10n.t('{0} blocks', countText(count));
}

/** Of the blocks that answers wanted. */
function hitText(rate: number | undefined): string | undefined {
  return rate === undefined ? undefined : vscode.l10n.t('hit rate {0}', percentText(rate));
}

export function gpuText({ gpu }: TiersView): string {
  if (gpu === undefined) {
    return vscode.l10n.t('not used');
  }
  return gpu.isLost
    ? vscode.l10n.t('failed: the disk serves what it held')
    : tierText(gpu.bytes, gpu.budgetBytes, hitText(gpu.hitRate), blocksText(gpu.blocks));
}

/**
 * `budget` 0: no limit. Of the details what tells most comes first: a narrow view cuts off the rest.
 */
function tierText(bytes: number, budget: number, ...details: (string | undefined)[]): string {
  const used =
    budget > 0
      ? vscode.l10n.t('{0} of {1}', bytesText(bytes), bytesText(budget))
      : bytesText(bytes);
  return [used, ...details].filter((detail) => detail !== undefined).join(' · ');
}

/** Beside a file's or folder's name. */
export function placeText(place: Place): string {
  const { tokens, tokensStored, bytes, bytesInRam, pinned, staleChunks } = place;
  if (tokensStored === 0) {
    return vscode.l10n.t('not read · {0} tokens', countText(tokens));
  }
  return [
    bytesText(bytes),
    tokensStored < tokens
      ? vscode.l10n.t('{0} of {1} tokens', countText(tokensStored), countText(tokens))
      : vscode.l10n.t('{0} tokens', countText(tokens)),
    ...(staleChunks > 0 ? [vscode.l10n.t('{0} chunks of an older text', staleChunks)] : []),
    ...(bytesInRam === 0
      ? []
      : bytesInRam < bytes
        ? [vscode.l10n.t('{0} in RAM', bytesText(bytesInRam))]
        : [vscode.l10n.t('in RAM')]),
    ...(pinned ? [vscode.l10n.t('pinned')] : []),
  ].join(' · ');
}

/** What is to be known of a file or folder, and why its KV is where it is. */
export function placeTooltip(place: Place): vscode.MarkdownString {
  const { path, name, precision, lastUse, tokensStored, bytes } = place;
  const text = new vscode.MarkdownString();
  text.appendText(path === '/' ? name : path);
  const line = (sentence: string): void => {
    text.appendMarkdown('\n\n');
    text.appendText(sentence);
  };
  line(placeText(place));
  if (tokensStored > 0) {
    line(vscode.l10n.t('{0} a token', bytesText(bytes / tokensStored)));
  }
  if (precision !== undefined) {
    line(
      vscode.l10n.t('Precision: {0}', precision === 'f16' ? 'F16' : precision.slice(1) + ' bit'),
    );
  }
  if (lastUse > 0) {
    const when = new Date(lastUse).toLocaleString(vscode.env.language);
    line(vscode.l10n.t('Last used: {0}', when));
  }
  line(whyHere(place));
  return text;
}

function whyHere({ tokensStored, tokens, pinned, bytesInRam, isOnDisk }: Place): string {
  if (tokensStored === 0) {
    return pinned
      ? vscode.l10n.t('Not read yet. Once it is, it is kept whatever the budget.')
      : vscode.l10n.t('Not read yet: it is read when the folder is, or when a question needs it.');
  }
  if (!isOnDisk) {
    return vscode.l10n.t(
      'In RAM alone: the disk refused it, or lost it. Moved back to disk it is written there; else it is lost when LeoAM ends.',
    );
  }
  if (bytesInRam > 0) {
    return vscode.l10n.t(
      'Read from RAM, where it was moved, until LeoAM ends; it is on disk as well.',
    );
  }
  if (pinned) {
    return vscode.l10n.t('On disk, pinned: it is kept whatever the budget.');
  }
  return tokensStored < tokens
    ? vscode.l10n.t('On disk in part: the rest is not read yet or was evicted.')
    : vscode.l10n.t('On disk: it goes when the budget is used up and nothing was used longer ago.');
}
