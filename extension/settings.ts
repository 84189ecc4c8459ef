// The settings, read in one place. What starts a program or names a path is of `machine` scope:
// a repository cannot set it (package.json).

import * as vscode from 'vscode';
import type { ServerOptions } from '../server/protocol/options.js';

/** Settings that the server is started with; a change starts it anew. */
const startSettings = [
  'leoam.model',
  'leoam.modelPath',
  'leoam.home',
  'leoam.threads',
  'leoam.storeRamMib',
  'leoam.chat.evidence',
  'leoam.chat.evidenceMemoryMib',
  'leoam.chat.passPageCache',
  'leoam.chat.deviceMemoryMib',
  'leoam.index.automatic',
  'leoam.index.askAboveTokens',
];

/** Settings that limit what is taken of a tier. */
export type BudgetName =
  | 'storeBudgetGib'
  | 'storeRamMib'
  | 'chat.evidenceMemoryMib'
  | 'chat.deviceMemoryMib';

/** Where nothing is set, and at least. */
const budgets: Record<BudgetName, { otherwise: number; least: number }> = {
  storeBudgetGib: { otherwise: 0, least: 0 },
  storeRamMib: { otherwise: 1024, least: 1 },
  'chat.evidenceMemoryMib': { otherwise: 256, least: 1 },
  'chat.deviceMemoryMib': { otherwise: 0, least: 0 },
};

/** Options of a server that is about to start. */
export function serverOptions(): ServerOptions {
  const model = text('modelPath') || text('model');
  const home = text('home');
  const threads = whole('threads', 0, { min: 0, max: 512 });
  const storeBudget = budgetOf('storeBudgetGib');
  const deviceMemoryMib = budgetOf('chat.deviceMemoryMib');
  return {
    readInBackground: settings().get('index.automatic') !== false,
    askAboveTokens: whole('index.askAboveTokens', 150_000, { min: 0 }),
    fetchModel: false,
    chatEvidence: restsOnWholeRepository() ? 'wholeRepository' : 'passages',
    storeRamMib: budgetOf('storeRamMib'),
    evidenceMemoryMib: budgetOf('chat.evidenceMemoryMib'),
    passPageCache: settings().get('chat.passPageCache') === true,
    ...(deviceMemoryMib >= 1 ? { deviceMemoryMib } : {}),
    ...(model === '' ? {} : { model }),
    ...(home === '' ? {} : { home }),
    ...(threads > 0 ? { threads } : {}),
    ...(storeBudget > 0 ? { storeBudgetGib: storeBudget } : {}),
  };
}

export function needsNewServer(event: vscode.ConfigurationChangeEvent): boolean {
  return startSettings.some((name) => event.affectsConfiguration(name));
}

/** What answers of chats rest on. */
export function restsOnWholeRepository(): boolean {
  return text('chat.evidence') === 'wholeRepository';
}

/** What may be taken of a tier, in the unit that the name ends with. */
export function budgetOf(name: BudgetName): number {
  const { otherwise, least } = budgets[name];
  return Math.max(least, number(name, otherwise));
}

/** Whether a change of it starts the server anew; else the server is told (`changesStoreBudget`). */
export function startsAnew(name: BudgetName): boolean {
  return startSettings.includes(`leoam.${name}`);
}

export function changesStoreBudget(event: vscode.ConfigurationChangeEvent): boolean {
  return event.affectsConfiguration('leoam.storeBudgetGib');
}

/** For this machine. The settings' change does the rest. */
export async function writeBudget(name: BudgetName, value: number): Promise<void> {
  await settings().update(name, value, vscode.ConfigurationTarget.Global);
}

/** Tokens of an answer at most. */
export function answerTokens(): number {
  return whole('chat.maxTokens', 512, { min: 16, max: 8192 });
}

/** Whether what a question needs is prepared while it is written. */
export function preparesWhileTyping(): boolean {
  return settings().get('chat.prepareWhileTyping') !== false;
}

/** Chats that are kept for each workspace. */
export function keptChats(): number {
  return whole('chat.keep', 100, { min: 1, max: 10_000 });
}

export interface CompletionSettings {
  /** Whether suggestions come: at all, and in the language where one is given. */
  enabled: boolean;
  /** What is set for the language alone. */
  enabledForLanguage: boolean;
}

export function completionSettings(languageId?: string): CompletionSettings {
  const enabled = settings().get('completion.enabled') !== false;
  const languages = record(settings().get('completion.languages'));
  const enabledForLanguage =
    languageId === undefined || (languages[languageId] ?? languages['*']) !== false;
  return { enabled: enabled && enabledForLanguage, enabledForLanguage };
}

/** VS Code's own switch. */
export function showsSuggestions(document?: vscode.TextDocument): boolean {
  const editor = vscode.workspace.getConfiguration('editor', document);
  return editor.get('inlineSuggest.enabled') !== false;
}

export async function setCompletions(enabled: boolean): Promise<void> {
  await settings().update('completion.enabled', enabled, inForce('completion.enabled'));
}

/** Leaves what is set for other languages as it is. */
export async function setCompletionsFor(languageId: string, enabled: boolean): Promise<void> {
  const name = 'completion.languages';
  const target = inForce(name);
  const { globalValue, workspaceValue } = settings().inspect(name) ?? {};
  const before = target === vscode.ConfigurationTarget.Global ? globalValue : workspaceValue;
  await settings().update(name, { ...record(before), [languageId]: enabled }, target);
}

/** Chooses a model of the catalogue, for this machine. The settings' change starts a new server. */
export async function useModel(id: string): Promise<void> {
  await settings().update('modelPath', undefined, vscode.ConfigurationTarget.Global);
  await settings().update('model', id, vscode.ConfigurationTarget.Global);
}

export async function useModelFile(path: string): Promise<void> {
  await settings().update('modelPath', path, vscode.ConfigurationTarget.Global);
}

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('leoam');
}

/** Where a change is seen: what the workspace sets would hide a change of the user's own. */
function inForce(name: string): vscode.ConfigurationTarget {
  return settings().inspect(name)?.workspaceValue === undefined
    ? vscode.ConfigurationTarget.Global
    : vscode.ConfigurationTarget.Workspace;
}

// A settings file holds whatever someone typed: the editor marks it, but hands it out.
function text(name: string): string {
  const value: unknown = settings().get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function number(name: string, otherwise: number): number {
  const value: unknown = settings().get(name);
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function whole(
  name: string,
  otherwise: number,
  { min, max = 1e9 }: { min: number; max?: number },
): number {
  return Math.min(max, Math.max(min, Math.round(number(name, otherwise))));
}
