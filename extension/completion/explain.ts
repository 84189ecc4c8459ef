// "Why was nothing shown?" as a text: the latest requests for suggestions, what became of each
// and what it cost. Those that the extension itself turned down stand among the server's.

import * as vscode from 'vscode';
import type { CompletionCounters, CompletionRecord } from '../../server/protocol/completion.js';
import type { Drop } from './drops.js';
import { languageName } from './languageName.js';

/** Lines of a suggestion that are shown. */
const shownLines = 8;

export interface Explained {
  /** What holds for all of them, a sentence each. */
  notices: readonly string[];
  /** Of the server, and of the extension. */
  records: readonly CompletionRecord[];
  drops: readonly Drop[];
}

interface Entry {
  time: number;
  place: string;
  lines: string[];
  /** What an older entry of the same place must have to be one with this; absent: it stands alone. */
  sameAs?: string;
  count: number;
}

export function explanation({ notices, records, drops }: Explained): string {
  const all = [...records.map(recordEntry), ...drops.map(dropEntry)];
  const entries = oncePerReason(all.sort((one, other) => other.time - one.time));
  const blocks = [
    [`# ${vscode.l10n.t('The latest requests for suggestions')}`],
    notices,
    ...(entries.length === 0
      ? [[vscode.l10n.t('Nothing was asked for yet. Write a line in a file of the folder.')]]
      : entries.map((entry) => [heading(entry), ...entry.lines])),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Each key asks: what did not come of one line for one reason is one entry, the newest. */
function oncePerReason(entries: readonly Entry[]): Entry[] {
  const kept: Entry[] = [];
  for (const entry of entries) {
    const newer = kept.at(-1);
    const isSame = newer?.sameAs !== undefined && newer.sameAs === entry.sameAs;
    if (isSame && newer.place === entry.place) {
      newer.count += entry.count;
    } else {
      kept.push(entry);
    }
  }
  return kept;
}

function dropEntry(drop: Drop): Entry {
  const sentence = dropSentence(drop);
  const { time, count } = drop;
  return { time, place: placeOf(drop), lines: [notShown(sentence)], sameAs: sentence, count };
}

function recordEntry(record: CompletionRecord): Entry {
  const { time, outcome, text, sources, prepared, lookedAhead } = record;
  const passages = sources.map(({ path, startLine, endLine, isUnsaved }) => {
    const lines = `${path}:${startLine}-${endLine}`;
    return isUnsaved === true ? vscode.l10n.t('{0} (not saved)', lines) : lines;
  });
  const isDropped = outcome === 'dropped';
  const isPreceded = prepared !== undefined || lookedAhead !== undefined;
  return {
    time,
    place: placeOf(record),
    lines: [
      isDropped
        ? notShown(recordSentence(record))
        : outcome === 'kept'
          ? vscode.l10n.t('Suggested, from what an earlier request had written:')
          : vscode.l10n.t('Suggested:'),
      ...quoted(text),
      ...list(vscode.l10n.t('Time'), times(record)),
      ...list(vscode.l10n.t('Tokens'), tokens(record.counters)),
      ...list(vscode.l10n.t('Tokens prepared before, where the cursor rested'), tokens(prepared)),
      ...list(
        vscode.l10n.t('Tokens computed ahead before, while a suggestion was read'),
        tokens(lookedAhead),
      ),
      ...list(vscode.l10n.t('Passages'), passages),
    ],
    // What was written and not shown may be what somebody looks for, and what ran before.
    ...(isDropped && text === '' && !isPreceded ? { sameAs: recordSentence(record) } : {}),
    count: 1,
  };
}

function heading({ time, place, count }: Entry): string {
  const clock = new Date(time).toLocaleTimeString(vscode.env.language);
  return `## ${clock} ${place}${count > 1 ? ` (${count}×)` : ''}`;
}

function placeOf({ uri, line }: { uri: string; line: number }): string {
  return `${vscode.workspace.asRelativePath(vscode.Uri.parse(uri))}:${line}`;
}

function notShown(sentence: string): string {
  return vscode.l10n.t('Nothing was shown. {0}', sentence);
}

/** Indented, which is code in Markdown, whatever stands in it. */
function quoted(text: string): string[] {
  if (text.trim() === '') {
    return [];
  }
  const lines = text.split(/\r?\n/u);
  const shown = lines.slice(0, shownLines).map((line) => `    ${line}`);
  return ['', ...shown, ...(lines.length > shownLines ? ['    …'] : []), ''];
}

function list(name: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`- ${name}: ${items.join(', ')}`];
}

function times({ timings }: CompletionRecord): string[] {
  const { waitMs, selectMs, queuedMs, ttftMs, totalMs } = timings;
  return [
    ...(waitMs > 0 ? [vscode.l10n.t('{0} ms until typing paused', whole(waitMs))] : []),
    ...(selectMs > 0 ? [vscode.l10n.t('{0} ms to choose passages', whole(selectMs))] : []),
    ...(queuedMs >= 1 ? [vscode.l10n.t('{0} ms behind other work', whole(queuedMs))] : []),
    ...(ttftMs > 0 ? [vscode.l10n.t('{0} ms to the first token', whole(ttftMs))] : []),
    ...(totalMs > 0 ? [vscode.l10n.t('{0} ms in all', whole(totalMs))] : []),
  ];
}

function tokens(counters: CompletionCounters | undefined): string[] {
  if (counters === undefined) {
    return [];
  }
  const { tokensComputed, tokensReused, tokensMoved, tokensDecoded } = counters;
  if (tokensComputed + tokensReused + tokensMoved + tokensDecoded === 0) {
    return [];
  }
  return [
    vscode.l10n.t('{0} computed', whole(tokensComputed)),
    vscode.l10n.t('{0} reused', whole(tokensReused)),
    vscode.l10n.t('{0} moved', whole(tokensMoved)),
    vscode.l10n.t('{0} written', whole(tokensDecoded)),
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString(vscode.env.language);
}

function dropSentence({ reason, languageId }: Drop): string {
  switch (reason) {
    case 'off':
      return vscode.l10n.t('Suggestions were off (setting leoam.completion.enabled).');
    case 'offForLanguage':
      return vscode.l10n.t(
        'Suggestions were off for {0} (setting leoam.completion.languages).',
        languageName(languageId),
      );
    case 'snoozed':
      return vscode.l10n.t('Suggestions were snoozed.');
    case 'notActiveEditor':
      return vscode.l10n.t('It was not the text of the active editor.');
    case 'outsideFolder':
      return outsideFolder();
    case 'noServer':
      return vscode.l10n.t('LeoAM ended or started anew before it could answer.');
    case 'untrusted':
      return vscode.l10n.t(
        'The folder is not trusted: suggestions come only when you ask for one.',
      );
  }
}

function recordSentence({ reason, message }: CompletionRecord): string {
  switch (reason) {
    case 'cancelled':
      return vscode.l10n.t('You went on writing, or the cursor moved, before it was ready.');
    case 'notReady':
      return vscode.l10n.t('The model was not loaded yet.');
    case 'outsideFolder':
      return outsideFolder();
    case 'unfitModel':
      return vscode.l10n.t('This model was not made to fill in code: choose another one.');
    case 'excludedFile':
      return vscode.l10n.t('LeoAM leaves this file out: it is ignored, generated or too large.');
    case 'insideWord':
      return vscode.l10n.t('The cursor stood within a word.');
    case 'empty':
      return vscode.l10n.t('The model had nothing to add here.');
    case 'unlikely':
      return vscode.l10n.t('The model was not sure enough of what it wrote.');
    case 'repeatsText':
      return vscode.l10n.t('What the model wrote stands there already.');
    case 'failed':
    case undefined:
      return message ?? vscode.l10n.t('The log has more.');
  }
}

function outsideFolder(): string {
  return vscode.l10n.t('The file lies in no open folder.');
}
